// Package jmeskey finds the key of package once by a JMESPath expression (jmespath.org), as the
// Powertools do.
package jmeskey

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/jmespath/go-jmespath"
	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/once"
)

// Key takes what an expression finds in a JSON payload, such as order.id or [tenant, order.id]; on
// DynamoDB in the record, such as dynamodb.NewImage.id.S. A payload that is not JSON is undecodable,
// and an expression that cannot be is refused.
//
// Missing is what once.ValueKey says: null, "", and a list or an object of nothing else. Where some
// of a list are null, the others are the key: that is one for all records of a tenant that have no
// order.id. Say [tenant, order.id] && order.id && [tenant, order.id] to have those fail.
//
// Numbers that a float64 cannot hold as they are written, such as large identifiers, keep their digits, and are no
// numbers to the functions and comparisons of an expression.
func Key(expression string) once.Key {
	path, err := jmespath.Compile(expression)
	if err != nil {
		return once.RefuseKey(fmt.Errorf("jmeskey: Key(%q): %w", expression, err))
	}
	return once.KeyFunc(func(m *weir.Message) (string, error) {
		text := m.Payload
		if text == nil && m.Kafka == nil {
			text = []byte(m.Raw())
		}
		if len(text) == 0 {
			return "", nil // a tombstone, say
		}
		document, err := parse(text)
		if err != nil {
			return "", weir.Undecodable(fmt.Errorf("jmeskey: the payload is not JSON, so the key cannot be found in it: %w", err))
		}
		found, err := path.Search(document)
		if err != nil {
			return "", fmt.Errorf("jmeskey: %q: %w", expression, err)
		}
		return once.ValueKey(found)
	})
}

func parse(text []byte) (v any, err error) {
	if !json.Valid(text) { // a Decoder would not mind what comes behind
		return nil, json.Unmarshal(text, &v)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return exact(v), nil
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
