package weir

import (
	"context"
	"reflect"
)

// requestID finds the request id that aws-lambda-go put into the context. Its key is
// not exported and this module imports nobody, so the chain of contexts is searched for
// a value with a string field AwsRequestID. What cannot be searched gives "".
func requestID(ctx context.Context) (id string) {
	defer func() { _ = recover() }() // of reflect, on a context of a shape nobody thought of
	for v := reflect.ValueOf(ctx); v.IsValid(); {
		for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return ""
			}
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return ""
		}
		if id := awsRequestID(fieldNamed(v, "val", 4)); id != "" {
			return id
		}
		v = fieldNamed(v, "Context", 4)
	}
	return ""
}

func awsRequestID(v reflect.Value) string {
	for v.IsValid() && (v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer) {
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() != reflect.Struct {
		return ""
	}
	if id := fieldNamed(v, "AwsRequestID", 4); id.IsValid() && id.Kind() == reflect.String {
		return id.String()
	}
	return ""
}

// fieldNamed is FieldByName for what stands in a context, without the kilobytes that it brings
// into a binary. It looks a few embedded structs deep.
func fieldNamed(v reflect.Value, name string, deep int) reflect.Value {
	t := v.Type()
	for i := range t.NumField() {
		if t.Field(i).Name == name {
			return v.Field(i)
		}
	}
	for i := range t.NumField() {
		if deep == 0 || !t.Field(i).Anonymous { // what is not embedded may be changing
			continue
		}
		in := v.Field(i)
		if in.Kind() == reflect.Pointer {
			in = in.Elem()
		}
		if in.Kind() == reflect.Struct {
			if found := fieldNamed(in, name, deep-1); found.IsValid() {
				return found
			}
		}
	}
	return reflect.Value{}
}
