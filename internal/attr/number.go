package attr

import (
	"encoding"
	"math/big"
	"reflect"
	"strconv"
	"time"
)

// number decodes the number of an N, or one of an NS.
func (n *node) number(s *Reader, v reflect.Value) *failure {
	str, f := numberText(s)
	if f != nil {
		return f
	}
	return n.setNumber("N", str, v)
}

func numberText(s *Reader) (string, *failure) {
	if f := want(s, '"', "a number in a string"); f != nil {
		return "", f
	}
	str := s.String()
	return str, checkNumber(str)
}

func checkNumber(str string) *failure {
	if !isNumber(str) {
		return failf("N %s is not a number", clip(str))
	}
	return nil
}

// setNumber parses str as n asks. An S comes here too where the tag says so.
func (n *node) setNumber(from, str string, v reflect.Value) *failure {
	var err error
	overflow := false
	switch n.kind {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		var i int64
		if i, err = strconv.ParseInt(str, 10, 64); err == nil {
			if overflow = v.OverflowInt(i); !overflow {
				v.SetInt(i)
			}
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		var u uint64
		if u, err = strconv.ParseUint(str, 10, 64); err == nil {
			if overflow = v.OverflowUint(u); !overflow {
				v.SetUint(u)
			}
		}
	case reflect.Float32, reflect.Float64:
		var x float64
		if x, err = strconv.ParseFloat(str, 64); err == nil {
			if overflow = v.OverflowFloat(x); !overflow {
				v.SetFloat(x)
			}
		}
	case reflect.String:
		v.SetString(str)
	default:
		return n.setNumberOther(from, str, v)
	}
	if err != nil || overflow {
		return failf("cannot decode %s %s into %s", from, clip(str), n.typ)
	}
	return nil
}

func (n *node) setNumberOther(from, str string, v reflect.Value) *failure {
	ok := false
	switch {
	case n.isAny(): // only an S by tag; the rest has gone to setAny
		x, err := strconv.ParseFloat(str, 64)
		if ok = err == nil; ok {
			v.Set(reflect.ValueOf(x))
		}
	case n.time:
		seconds, err := strconv.ParseInt(str, 10, 64)
		if ok = err == nil; ok {
			setTime(v, time.Unix(seconds, 0))
		}
	case n.big:
		ok = setBig(str, v)
	}
	if !ok {
		return failf("cannot decode %s %s into %s", from, clip(str), n.typ)
	}
	return nil
}

// bigFloatBits hold every DynamoDB number that is an integer exactly, and the others
// closely enough that 38 digits come back as they were.
const bigFloatBits = 384

// setBig decodes into one of math/big, within DynamoDB's limits: a short text like
// 1e999999999 must not fill the memory.
func setBig(str string, v reflect.Value) bool {
	var buf [64]byte
	d, ok := parseDecimal(buf[:0], str)
	if !ok || len(d.digits) > 38 || d.magnitude() < -129 || d.magnitude() > 126 {
		return false
	}
	text := d.append(nil)
	switch v.Type().Name() {
	case "Int":
		if d.exp < 0 {
			return false
		}
		text = d.appendPlain(nil)
	case "Float":
		v.Addr().Interface().(interface{ SetPrec(uint) *big.Float }).SetPrec(bigFloatBits)
	}
	return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(text) == nil
}
