// Package attr decodes DynamoDB attribute values, as they stand in the JSON of a
// Lambda event, into Go values by their dynamodbav tags. It gives what
// attributevalue.UnmarshalMap of the AWS SDK gives with its default options, without
// the map of attribute values in between.
//
// It differs where the SDK panics or looks away: an N must be a number, big.Int,
// big.Float and big.Rat take one digit for digit, and a type that brings its own
// UnmarshalDynamoDBAttributeValue is refused, since calling it needs the SDK.
//
// Decoded strings are views of the scanner's text.
package attr

import (
	"fmt"
	"reflect"
	"sync"
)

// Plan decodes items into one Go type. It is safe for concurrent use.
type Plan struct {
	root *node
}

// nodes holds a *node or an error by reflect.Type.
var nodes sync.Map

// Compile returns the plan for decoding an item (an attribute map) into a value of
// type t: a struct, a map, any, or a pointer to one of these.
func Compile(t reflect.Type) (*Plan, error) {
	n, err := nodeOf(t)
	if err != nil {
		return nil, err
	}
	if err := n.checkItem(); err != nil {
		return nil, err
	}
	return &Plan{n}, nil
}

// Item decodes the attribute map the scanner stands on into dst, which must be
// settable and of the plan's type. It consumes the whole value whatever happens in
// it. What is not in dst's type is skipped and not checked beyond its syntax. A
// syntax error is the scanner's own.
func (p *Plan) Item(s *Reader, dst reflect.Value) error {
	f := p.item(s, dst)
	if err := s.Err(); err != nil {
		return err
	}
	if f != nil {
		return f
	}
	return nil
}

func (p *Plan) item(s *Reader, dst reflect.Value) *failure {
	if !dst.CanSet() || dst.Type() != p.root.typ {
		s.Skip()
		return failf("cannot decode into a value that is not a settable %s", p.root.typ)
	}
	if s.Kind() != '{' {
		return misfit(s, "an attribute map")
	}
	n, v, f := p.root.resolve(dst)
	if f != nil {
		s.Skip()
		return f
	}
	return n.payload(s, v, "M", false)
}

// checkItem refuses a type that no attribute map can go into.
func (n *node) checkItem() error {
	end := n
	for end.kind == reflect.Pointer {
		end = end.elem
	}
	switch {
	case end.kind == reflect.Struct,
		end.kind == reflect.Map && end.key != nil,
		end.kind == reflect.Interface && end.typ.NumMethod() == 0:
		return nil
	}
	return fmt.Errorf("attr: an item cannot be decoded into %s: want a struct or a map with string keys", n.typ)
}
