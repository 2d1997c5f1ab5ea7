// Package assert holds what weir's own tests compare with.
package assert

import (
	"reflect"
	"strings"
	"testing"
)

// Equal fails the test unless got and want are deeply equal.
func Equal[T any](t testing.TB, got, want T, about ...any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%vgot  %#v\nwant %#v", prefix(about), got, want)
	}
}

// Contains fails the test unless got contains every part.
func Contains(t testing.TB, got string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(got, p) {
			t.Fatalf("%q is not in:\n%s", p, got)
		}
	}
}

// NoError fails the test if err is not nil.
func NoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Error fails the test unless err's text contains every part.
func Error(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	Contains(t, err.Error(), parts...)
}

func prefix(about []any) string {
	if len(about) == 0 {
		return ""
	}
	var b strings.Builder
	for _, a := range about {
		if s, ok := a.(string); ok {
			b.WriteString(s)
		}
	}
	return b.String() + ": "
}
