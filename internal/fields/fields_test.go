package fields_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/internal/fields"
)

type (
	deep  struct{ A, B, C, X int }
	named struct {
		A int `json:"A"`
		F int
		G int `json:"X"`
	}
	rival struct {
		R int `json:"X"`
	}
	one struct {
		deep
		H int
		A int `json:"hA"`
	}
	two struct {
		deep
		named
		H int
	}
	self struct {
		*named
		I    int
		Self *self
	}
	both struct {
		one
		two
		J int `json:"J"`
	}
	other struct {
		two
		self
		J, K int
	}
)

// read is encoding/json's way with tags, as far as the types above have some.
func read(f *fields.Field) fields.Use {
	sf := f.Go
	f.Name, _, _ = strings.Cut(sf.Tag.Get("json"), ",")
	f.Tagged = f.Name != ""
	if !f.Tagged && sf.Anonymous {
		return fields.Inline
	}
	if !f.Tagged {
		f.Name = sf.Name
	}
	return fields.Take
}

// encoding/json writes the fields that it sees.
func TestVisible(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		one{}, two{}, both{}, other{}, &self{named: &named{}}, &struct {
			deep
			named
		}{},
		&struct {
			named
			*rival // vet would see it without the pointer
		}{},
		&struct {
			both
			other
		}{}, &struct {
			deep
			named
			X string
		}{}, &struct {
			one
			two
			self
		}{}, &struct {
			self
			named
		}{}, &struct {
			deep `json:"B"`
			named
		}{},
	} {
		var got []string
		for _, f := range fields.Visible(reflect.Indirect(reflect.ValueOf(v)).Type(), read) {
			got = append(got, f.Name)
		}
		text, err := json.Marshal(v)
		assert.NoError(t, err)
		var want map[string]any
		assert.NoError(t, json.Unmarshal(text, &want))
		assert.Equal(t, slices.Sorted(slices.Values(got)), slices.Sorted(maps.Keys(want)), fmt.Sprintf("%T", v))
	}
}
