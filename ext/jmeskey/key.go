// Package jmeskey finds the key of package once by a JMESPath expression (jmespath.org), as the
// Powertools do.
package jmeskey

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

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
// Numbers with more digits than a float64 holds, such as large identifiers, keep them, and are no numbers to the
// functions and comparisons of an expression. Others are known by their value: 12.5 is 12.50.
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
		if f, err := v.Float64(); err == nil && sameNumber(v.String(), strconv.FormatFloat(f, 'e', -1, 64)) {
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

// sameNumber reports whether two numbers of JSON are one, however they are written.
func sameNumber(a, b string) bool {
	da, ea, oka := digitsOf(a)
	db, eb, okb := digitsOf(b)
	return oka && okb && da == db && ea == eb
}

// digitsOf takes a number apart: its sign and its digits, without zeros at the ends, and the power of ten of
// the last one.
func digitsOf(number string) (digits string, power int, ok bool) {
	mantissa, exponent := number, ""
	if i := strings.IndexAny(number, "eE"); i >= 0 {
		mantissa, exponent = number[:i], number[i+1:]
		var err error
		if power, err = strconv.Atoi(exponent); err != nil {
			return "", 0, false // too large for a float64 too
		}
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := whole + fraction
	digits = strings.TrimRight(all, "0")
	power += len(all) - len(digits) - len(fraction)
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		power = 0
	}
	if negative {
		digits = "-" + digits
	}
	return digits, power, true
}
