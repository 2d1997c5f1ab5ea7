package redisstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/weir-go/weir/ext/redisstore"
	"github.com/weir-go/weir/state"
)

// replies is a client that answers one after the other.
type replies []any

func (r *replies) Process(_ context.Context, cmd redis.Cmder) error {
	reply := (*r)[0]
	*r = (*r)[1:]
	switch c := cmd.(type) {
	case interface{ SetVal(any) }:
		c.SetVal(reply)
	default:
		return errors.New("no command that is known")
	}
	return nil
}

// What Redis never answers is an error: never a row, a success or a panic.
func TestStrangeReplies(t *testing.T) {
	t.Parallel()
	for _, reply := range []any{
		nil, "OK", int64(1), []any{}, []any{nil}, []any{"x"}, []any{int64(7)}, []any{int64(1), int64(0), int64(0)}, []any{int64(0), int64(0)}, []any{int64(2), int64(0)}, []any{int64(2), int64(2)},
		[]any{int64(9), int64(1)}, []any{"0", "0"}, []any{nil, nil}, []any{[]any{"!", nil, nil}}, []any{[]any{"1", "x", nil}}, []any{[]any{"1", nil}},
		[]any{"5", []any{[]any{"key"}}}, []any{"5", []any{[]any{"no key of a row", "1", nil}}},
	} {
		s := redisstore.New(&replies{reply})
		if rows, err := s.Load(t.Context(), "p", []state.Key{sum}, true); err == nil {
			t.Errorf("%v is taken for rows %v", reply, rows)
		}
		s = redisstore.New(&replies{reply})
		if err := s.Commit(t.Context(), "p", []state.Write{{Key: sum}}); err == nil || errors.Is(err, state.ErrConflict) || errors.Is(err, state.ErrOverflow) {
			t.Errorf("%v is taken for an applied commit, or one that never will be: %v", reply, err)
		}
		s = redisstore.New(&replies{reply, []any{"0", []any{}}})
		failed := false
		for _, err := range s.List(t.Context(), "p", state.Value) {
			failed = err != nil
		}
		if list, ok := reply.([]any); !failed && (!ok || len(list) != 2 || list[0] != "0") {
			t.Errorf("%v is taken for a page", reply)
		}
		d := redisstore.NewDeduper(&replies{reply})
		if claims, err := d.Claim(t.Context(), "p", "x", []string{"1", "2", "3", "4"}, time.Hour); err == nil {
			t.Errorf("%v is taken for claims %v", reply, claims)
		}
	}
}

// SCAN yields keys twice while Redis makes its tables smaller.
func TestListEachOnce(t *testing.T) {
	t.Parallel()
	row := func(name string, version any) []any { return []any{"{weir/p}1:-3:" + name, version, nil} }
	s := redisstore.New(&replies{
		[]any{"17", []any{row("a", "1"), row("b", "1"), row("a", "1")}},
		[]any{"4", []any{}},
		[]any{"0", []any{row("b", "2"), row("gone", nil), row("c:d", "1")}},
	})
	var names string
	for r, err := range s.List(t.Context(), "p", state.Value) {
		if err != nil || r.At != -3 {
			t.Fatalf("%+v, %v", r, err)
		}
		names += r.Name + " "
	}
	if names != "a b c:d " {
		t.Errorf("listed %s", names)
	}
}
