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
	path, err := compile(expression)
	if err != nil {
		return once.RefuseKey(fmt.Errorf("%s: %w", name, err))
	}
	return once.JSONKey(name, func(document any) (found any, err error) {
		defer told(name, &err)
		return path.Search(exact(document))
	}, opts...)
}

func compile(expression string) (path *jmespath.JMESPath, err error) {
	defer told("it cannot be compiled", &err)
	if path, err = jmespath.Compile(expression); err == nil {
		err = check(expression)
	}
	return path, err
}

// told names what failed. The library panics where the step of a slice is huge, as in a[1::9223372036854775807], and
// on some texts that are no expression: those fail as any others that do not fit a record, or are none.
func told(what string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the library of JMESPath panicked: %v", p)
	}
	if *err != nil {
		*err = fmt.Errorf("%s: %w", what, *err)
	}
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
