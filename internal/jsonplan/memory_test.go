package jsonplan_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/internal/jsonplan"
)

// What is decoded may be changed.
func TestRawMessagesAreCopies(t *testing.T) {
	t.Parallel()
	type letter struct {
		Raw  json.RawMessage
		Text string
		More json.RawMessage
	}
	text := []byte(`{"Raw":{"a":1},"Text":"b","More":[2]}`)
	p, v := jsonplan.For(reflect.TypeFor[letter]()), new(letter)
	assert.NoError(t, p.Decode(text, v, p.NewScratch()))
	for i := range v.Raw {
		v.Raw[i] = '#'
	}
	_ = append(v.Raw, "####"...)
	assert.Equal(t, v.Text, "b")
	assert.Equal(t, string(v.More), `[2]`)
	assert.Equal(t, string(text), `{"Raw":{"a":1},"Text":"b","More":[2]}`)
}

// What is kept of a small payload keeps nothing of a large one alive, nor of a long text that was escaped.
func TestLargeOnesShareNothing(t *testing.T) {
	t.Parallel()
	type parcel struct {
		Note string
		Tags []string
	}
	for name, large := range map[string]string{
		"payload": fmt.Sprintf(`{"Note":"a\nb","Tags":["%s"]}`, strings.Repeat("x", 5000)),
		"text":    fmt.Sprintf(`{"Note":"a\n%s"}`, strings.Repeat("x", 2000)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, v := jsonplan.For(reflect.TypeFor[parcel]()), new(parcel)
			s := p.NewScratch()
			decode := func(text string) parcel {
				*v = parcel{}
				assert.NoError(t, p.Decode([]byte(text), v, s))
				return *v
			}
			small := `{"Note":"c\nd","Tags":["e"]}`
			kept := decode(small)
			of := decode(large)
			note, tags := weak.Make((*byte)(reflect.ValueOf(of.Note).UnsafePointer())), weak.Make((*string)(reflect.ValueOf(of.Tags).UnsafePointer()))
			of = decode(small)
			if runtime.GC(); note.Value() != nil || tags.Value() != nil {
				t.Error("something of the large one is still there")
			}
			assert.Equal(t, kept, of)
			runtime.KeepAlive(s)
		})
	}
}
