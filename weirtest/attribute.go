package weirtest

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// value is an attribute value in DynamoDB's JSON, such as {"S":"a"}. nil is left out.
type value map[string]any

var null = value{"NULL": true}

// attributeMap encodes an item as attributevalue.MarshalMap of the AWS SDK does with its
// default options.
func attributeMap(item any) (any, error) {
	v, err := encode(reflect.ValueOf(item), tag{})
	if err != nil {
		return nil, err
	}
	m, ok := v["M"]
	if !ok {
		return nil, fmt.Errorf("%T is no item: it takes a struct, a map, or the JSON of an attribute map", item)
	}
	return m, nil
}

func encode(v reflect.Value, t tag) (value, error) {
	if isZero(v) {
		if t.omitEmpty {
			return nil, nil
		}
		if isNil(v) || t.nullEmpty {
			return null, nil
		}
	}
	for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return null, nil
		}
		v = v.Elem()
	}
	if _, ok := reflect.PointerTo(v.Type()).MethodByName("MarshalDynamoDBAttributeValue"); ok {
		return nil, fmt.Errorf("%v encodes itself, for which it takes the AWS SDK: give the item as JSON", v.Type())
	}
	switch v.Kind() {
	case reflect.Struct:
		if v.CanConvert(timeType) {
			return encodeTime(v.Convert(timeType).Interface().(time.Time), t), nil
		}
		m := map[string]value{}
		return value{"M": m}, encodeFields(v, m)
	case reflect.Map:
		return encodeMap(v, t)
	case reflect.Slice, reflect.Array:
		return encodeList(v, t)
	case reflect.Bool:
		return value{"BOOL": v.Bool()}, nil
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return nil, nil // the SDK leaves them out, too
	}
	return encodeScalar(v, t)
}

var timeType = reflect.TypeFor[time.Time]()

func encodeTime(at time.Time, t tag) value {
	if t.asUnixTime {
		return value{"N": strconv.FormatInt(at.Unix(), 10)}
	}
	return value{"S": at.Format(time.RFC3339Nano)}
}

func encodeMap(v reflect.Value, t tag) (value, error) {
	m := map[string]value{}
	for key, elem := range v.Seq2() {
		name, err := mapKey(key)
		if err != nil {
			return nil, err
		}
		out, err := encode(elem, t.elem())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if out != nil {
			m[name] = out
		}
	}
	return value{"M": m}, nil
}

func mapKey(key reflect.Value) (name string, err error) {
	if m, ok := key.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		if err != nil {
			return "", err
		}
		name = string(text)
	} else {
		switch k := key.Kind(); {
		case k == reflect.String, k == reflect.Bool, k >= reflect.Int && k <= reflect.Uint64, k == reflect.Float32, k == reflect.Float64:
			name = fmt.Sprint(key.Interface())
		default:
			return "", fmt.Errorf("%v cannot be the name of an attribute", key.Type())
		}
	}
	if name == "" {
		return "", errors.New("a map key is empty, which no attribute's name may be")
	}
	return name, nil
}

func encodeList(v reflect.Value, t tag) (value, error) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		b := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(b), v)
		return value{"B": b}, nil
	}
	kind := "L"
	switch {
	case t.asBinarySet, v.Type() == reflect.TypeFor[[][]byte]():
		kind = "BS"
	case t.asNumberSet:
		kind = "NS"
	case t.asStringSet:
		kind = "SS"
	}
	if kind != "L" && v.Len() == 0 {
		return null, nil // there are no empty sets
	}
	list := make([]any, 0, v.Len())
	for i := range v.Len() {
		elem, err := encode(v.Index(i), t.elem())
		if err != nil {
			return nil, fmt.Errorf("%d: %w", i, err)
		}
		switch {
		case elem == nil:
		case kind == "L":
			list = append(list, elem)
		case elem[kind[:1]] == nil:
			return nil, fmt.Errorf("%d: %v is not an element for a set of kind %s", i, v.Type().Elem(), kind)
		default:
			list = append(list, elem[kind[:1]])
		}
	}
	return value{kind: list}, nil
}

// number is what json.Number and the SDK's Number have in common.
type number interface {
	Float64() (float64, error)
	Int64() (int64, error)
	String() string
}

func encodeScalar(v reflect.Value, t tag) (value, error) {
	var n string
	switch k := v.Kind(); {
	case k == reflect.String:
		n = v.String()
		if _, ok := v.Interface().(number); !ok {
			return value{"S": n}, nil
		}
	case v.CanInt():
		n = strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		n = strconv.FormatUint(v.Uint(), 10)
	case k == reflect.Float32:
		n = strconv.FormatFloat(v.Float(), 'f', -1, 32)
	case k == reflect.Float64:
		n = strconv.FormatFloat(v.Float(), 'f', -1, 64)
	default:
		return nil, fmt.Errorf("%v has no attribute value", v.Type())
	}
	if t.asString {
		return value{"S": n}, nil
	}
	return value{"N": n}, nil
}

func isZero(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Struct:
		return false // not even a zero time is left out
	case reflect.Array:
		return v.Len() == 0
	case reflect.Invalid:
		return true
	}
	return v.IsZero()
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Map, reflect.Slice, reflect.Interface, reflect.Pointer:
		return v.IsNil()
	}
	return false
}
