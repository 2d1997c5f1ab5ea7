package attr

import (
	"reflect"
	"time"

	"github.com/weir-go/weir/internal/b64"
)

// text decodes the string of an S, or one of an SS.
func (n *node) text(s *Reader, v reflect.Value) *failure {
	if f := want(s, '"', "a string"); f != nil {
		return f
	}
	return n.setText(s.String(), v)
}

func (n *node) setText(str string, v reflect.Value) *failure {
	switch {
	case n.kind == reflect.String:
		v.SetString(str)
	case n.time:
		t, err := time.Parse(time.RFC3339, str)
		if err != nil {
			return failf("cannot decode S %s into %s: want a time as in RFC 3339", clip(str), n.typ)
		}
		setTime(v, t)
	default:
		return failf("cannot decode S into %s", n.typ)
	}
	return nil
}

func setTime(v reflect.Value, t time.Time) {
	v.Set(reflect.ValueOf(t).Convert(v.Type()))
}

func (n *node) boolean(s *Reader, v reflect.Value) *failure {
	b, f := boolean(s)
	if f != nil {
		return f
	}
	if n.kind != reflect.Bool {
		return failf("cannot decode BOOL into %s", n.typ)
	}
	v.SetBool(b)
	return nil
}

func boolean(s *Reader) (bool, *failure) {
	if k := s.Kind(); k != 't' && k != 'f' {
		return false, misfit(s, "true or false")
	}
	return s.Bool(), nil
}

// binary decodes the base64 of a B, or one of a BS, into the room that v has.
func (n *node) binary(s *Reader, v reflect.Value) *failure {
	if !n.bytes {
		s.Skip()
		return failf("cannot decode B into %s", n.typ)
	}
	if f := want(s, '"', "a base64 string"); f != nil {
		return f
	}
	return n.setBinary(s, s.String(), v)
}

func (n *node) setBinary(s *Reader, text string, v reflect.Value) *failure {
	if !n.bytes {
		return failf("cannot decode B into %s", n.typ)
	}
	var room []byte
	if n.kind == reflect.Slice {
		room = v.Bytes()
	}
	b, f := s.decode(text, room)
	if f != nil {
		return f
	}
	if n.kind == reflect.Slice {
		v.SetBytes(b)
		return nil
	}
	if len(b) != v.Len() {
		return failf("cannot decode B of %d bytes into %s", len(b), n.typ)
	}
	copy(v.Bytes(), b)
	return nil
}

// decode decodes base64 into room if the bytes fit, and never returns nil without a failure.
func (s *Reader) decode(text string, room []byte) ([]byte, *failure) {
	size := len(text)/4*3 + 3
	fresh := room == nil || cap(room) < size
	if fresh {
		room = s.bytes.Take(size)
	}
	b, err := b64.AppendDecode(room[:0], text)
	if fresh {
		b = s.bytes.Trim(room, len(b))
	}
	if err != nil {
		return nil, failf("B is not base64")
	}
	return b, nil
}
