package monoidtest

import (
	"fmt"
	"reflect"
)

// show prints a value, not at length.
func show(v any) string { return clip(fmt.Sprintf("%+v", v)) }

const maxShown = 2000

func clip(s string) string {
	if len(s) > maxShown {
		return s[:maxShown] + "..."
	}
	return s
}

// scribble changes everything that *v refers to and that can be reached from outside: elements
// of slices and maps, what pointers point to. If a value shares any of it with another, the
// other changes too.
func scribble(v any) { scribbleOn(reflect.ValueOf(v).Elem(), 0) }

func scribbleOn(v reflect.Value, depth int) {
	if depth > 10 {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			scribbleOn(field, depth+1)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			scribbleOn(v.Elem(), depth+1)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			scribbleOn(v.Index(i), depth+1)
		}
	case reflect.Map:
		if !v.CanInterface() {
			return
		}
		for _, key := range v.MapKeys() {
			scribbleOn(v.MapIndex(key), depth+1)
			v.SetMapIndex(key, reflect.Value{})
		}
	default:
		scramble(v)
	}
}

// scramble makes something else of a plain value.
func scramble(v reflect.Value) {
	if !v.CanSet() {
		return
	}
	switch {
	case v.Kind() == reflect.Bool:
		v.SetBool(!v.Bool())
	case v.CanInt():
		v.SetInt(^v.Int())
	case v.CanUint():
		v.SetUint(^v.Uint())
	case v.CanFloat():
		v.SetFloat(-v.Float() - 1)
	case v.Kind() == reflect.String:
		v.SetString(v.String() + "scribbled")
	}
}
