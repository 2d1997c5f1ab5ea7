package envelope

import (
	"context"
	"fmt"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// opening makes an envelope of what opens one record. Tombstones have nothing to open.
func opening(what string, v weir.Verb, open func(m *weir.Message) ([]weir.Message, error)) weir.Verb {
	return unwrap(what, v, func(m *weir.Message) ([]weir.Message, error) {
		if m.Tombstone() {
			return []weir.Message{m.With(nil)}, nil
		}
		return open(m)
	})
}

// unwrap is weir.Unwrap that says which envelope has no verb.
func unwrap(what string, v weir.Verb, open func(m *weir.Message) ([]weir.Message, error)) weir.Verb {
	if v == nil {
		return refused{fmt.Errorf("envelope: %s: no verb: give weir.Each(f), weir.EachMessage(f), weir.Batch(f), a pipeline or another envelope", what)}
	}
	return weir.Unwrap(v, func(_ context.Context, m *weir.Message) ([]weir.Message, error) { return open(m) })
}

// one is all that a record carries.
func one(m *weir.Message, payload []byte) []weir.Message { return []weir.Message{m.With(payload)} }

// damaged says that a record is not what its envelope should be.
func damaged(what, format string, args ...any) error {
	return weir.Undecodable(fmt.Errorf(what+": "+format, args...))
}

// members walks the object that payload is, and calls visit with the scanner at each value: it
// reads the value or returns, and then it is skipped. ok is false if payload is no JSON object.
// Keys count as they are spelt: those who write envelopes write them in one way.
func members(payload []byte, visit func(s *jsonscan.Scanner, key string) bool) (ok bool) {
	var s jsonscan.Scanner
	s.Reset(view(payload))
	if s.Kind() != '{' {
		return false
	}
	for s.Object(); s.MoreKeys(); {
		key := s.Key()
		if s.Err() != nil {
			return false
		}
		s.Space()
		at := s.Offset()
		if !visit(&s, key) {
			return false
		}
		if s.Offset() == at {
			s.Skip()
		}
	}
	s.End()
	return s.Err() == nil
}

// value reads any value as it stands in payload.
func value(s *jsonscan.Scanner, payload []byte) []byte {
	s.Space()
	from := s.Offset()
	s.Skip()
	to := s.Offset()
	return payload[from:to:to]
}

// view is bytes as a string, which nobody writes to.
func view(b []byte) string { return memory.String(b) }

// str reads a string, and nothing if another kind of value comes.
func str(s *jsonscan.Scanner) string {
	if s.Kind() != '"' {
		return ""
	}
	return s.String()
}
