package envelopetest

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/weir-go/weir"
)

// row is what a record should be read as. A nil field of a kind that can be nil is not
// compared.
type row struct {
	id, arn string
	key     func(string) bool // whether an ordering key is right
	payload []byte
	time    time.Time
	slack   time.Duration // how far from time is right
	attempt int
	pairs   [][2]string       // what Attributes yields
	attrs   map[string]string // what Attribute returns
	custom  map[string]weir.MessageAttribute

	damaged bool // the envelope cannot be read
	differs bool // aws-lambda-go reads it otherwise, by design
}

func is(want string) func(string) bool { return func(got string) bool { return got == want } }

func check(t *testing.T, what string, got seen, want row) {
	t.Helper()
	bad := func(field string, got, want any) {
		t.Helper()
		t.Fatalf("%s: %s = %#v, want %#v", what, field, got, want)
	}
	if want.pairs != nil {
		if !slices.Equal(got.pairs, want.pairs) {
			bad("Attributes", got.pairs, want.pairs)
		}
	}
	for k, v := range want.attrs {
		if a := got.attrs[k]; a != v {
			bad("Attribute "+k, a, v)
		}
	}
	if want.custom != nil {
		same := func(a, b weir.MessageAttribute) bool {
			return a.DataType == b.DataType && a.String == b.String && bytes.Equal(a.Binary, b.Binary)
		}
		if a := got.custom; !maps.EqualFunc(a, want.custom, same) {
			bad("MessageAttributes", a, want.custom)
		}
	}
	if want.damaged {
		return
	}
	if got.ID != want.id {
		bad("ID", got.ID, want.id)
	}
	if got.SourceARN != want.arn {
		bad("SourceARN", got.SourceARN, want.arn)
	}
	if want.key != nil && !want.key(got.OrderingKey) {
		bad("OrderingKey", got.OrderingKey, "another")
	}
	if want.payload != nil && !bytes.Equal(got.Payload, want.payload) {
		bad("Payload", string(got.Payload), string(want.payload))
	}
	if d := got.Time.Sub(want.time).Abs(); got.Time.IsZero() != want.time.IsZero() || d > want.slack {
		bad("Time", got.Time, want.time)
	}
	if got.Attempt != want.attempt {
		bad("Attempt", got.Attempt, want.attempt)
	}
}
