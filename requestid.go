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
		if id := awsRequestID(v.FieldByName("val")); id != "" {
			return id
		}
		v = v.FieldByName("Context")
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
	if id := v.FieldByName("AwsRequestID"); id.IsValid() && id.Kind() == reflect.String {
		return id.String()
	}
	return ""
}
