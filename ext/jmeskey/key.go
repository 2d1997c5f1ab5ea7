// Package jmeskey finds the key of package once by a JMESPath expression (jmespath.org), as the
// Powertools do.
package jmeskey

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/jmespath/go-jmespath"
	"github.com/weir-go/weir/middleware/once"
)

// Key takes what an expression finds in a JSON payload, such as order.id or [tenant, order.id]; on
// DynamoDB in the record, such as dynamodb.NewImage.id.S. The payload is the body of a message, or what Kinesis
// or Kafka carry, decoded: neither body nor powertools_json are needed, and the latter is refused with
// what to write instead. A payload that is not JSON is undecodable. An expression that cannot
// be, for it is no JMESPath, or calls a function that there is not, makes Lambda.Err refuse the key.
//
// Missing is what once.ValueKey says: null, "", and a list or an object without anything, or with a part
// that is missing, as [tenant, order.id] of a record that has no order.id. With once.Partial the parts that are there
// are the key: then it is one for all records of a tenant that have no order.id. For a part that may be
// missing and tells nothing apart, say what stands for it: [order.id, region || 'none'].
//
// Numbers that a float64 cannot hold as they are written, such as large identifiers, keep their digits, and are no
// numbers to the functions and comparisons of an expression.
func Key(expression string, opts ...once.KeyOption) once.Key {
	name := fmt.Sprintf("jmeskey.Key(%q)", expression)
	path, err := jmespath.Compile(expression)
	if err == nil {
		err = check(expression)
	}
	if err != nil {
		return once.RefuseKey(fmt.Errorf("%s: %w", name, err))
	}
	return once.JSONKey(name, func(document any) (any, error) {
		found, err := path.Search(exact(document))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return found, nil
	}, opts...)
}

// exact makes float64 of numbers, which is what expressions know, unless a digit would be lost.
func exact(v any) any {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil && strconv.FormatFloat(f, 'f', -1, 64) == v.String() {
			return f
		}
	case []any:
		for i := range v {
			v[i] = exact(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = exact(v[k])
		}
	}
	return v
}
