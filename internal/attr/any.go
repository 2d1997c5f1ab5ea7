package attr

import (
	"reflect"
	"strconv"
)

// setAny decodes into an empty interface. A map that it holds already is added to.
func setAny(s *Reader, v reflect.Value, kind string) *failure {
	if e := v.Elem(); kind == "M" && e.Kind() == reflect.Map && !e.IsNil() {
		n, err := nodeOf(e.Type())
		if err != nil {
			s.Skip()
			return &failure{msg: err.Error()}
		}
		return n.attributes(s, e)
	}
	x, f := anyPayload(s, kind)
	if f == nil {
		v.Set(reflect.ValueOf(x))
	}
	return f
}

// anyValue decodes one attribute value into the Go type that the SDK chooses for it.
func anyValue(s *Reader) (any, *failure) {
	kind, f := open(s)
	if f != nil {
		return nil, f
	}
	if kind == "NULL" {
		return nil, shut(s, null(s))
	}
	x, f := anyPayload(s, kind)
	return x, shut(s, f)
}

func anyPayload(s *Reader, kind string) (any, *failure) {
	switch kind {
	case "S":
		return anyText(s)
	case "N":
		return anyNumber(s)
	case "B":
		return anyBinary(s)
	case "BOOL":
		return boolean(s)
	case "M":
		return anyMap(s)
	case "L":
		return anyList(s, anyValue)
	case "SS":
		return anyList(s, anyText)
	case "NS":
		return anyList(s, anyNumber)
	case "BS":
		return anyList(s, anyBinary)
	}
	return nil, unknown(s, kind)
}

func anyText(s *Reader) (string, *failure) {
	if f := want(s, '"', "a string"); f != nil {
		return "", f
	}
	return s.String(), nil
}

func anyNumber(s *Reader) (float64, *failure) {
	str, f := numberText(s)
	if f != nil {
		return 0, f
	}
	x, err := strconv.ParseFloat(str, 64)
	if err != nil {
		return 0, failf("cannot decode N %s into float64", clip(str))
	}
	return x, nil
}

func anyBinary(s *Reader) ([]byte, *failure) {
	if f := want(s, '"', "a base64 string"); f != nil {
		return nil, f
	}
	return s.decode(s.String(), nil)
}

func anyMap(s *Reader) (map[string]any, *failure) {
	f := want(s, '{', "an object")
	if f != nil {
		return nil, f
	}
	m := map[string]any{}
	for s.Object(); s.MoreKeys(); {
		name := s.Key()
		if f != nil {
			s.Skip()
			continue
		}
		x, failed := anyValue(s)
		if failed != nil {
			f = failed.in(name)
			continue
		}
		m[name] = x
	}
	return m, f
}

func anyList[E any](s *Reader, one func(*Reader) (E, *failure)) ([]E, *failure) {
	f := want(s, '[', "an array")
	if f != nil {
		return nil, f
	}
	list := []E{}
	for s.Array(); s.MoreItems(); {
		if f != nil {
			s.Skip()
			continue
		}
		x, failed := one(s)
		if failed != nil {
			f = failed.at(len(list))
			continue
		}
		list = append(list, x)
	}
	return list, f
}
