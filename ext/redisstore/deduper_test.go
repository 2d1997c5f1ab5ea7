package redisstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/ext/internal/cutproxy"
	"github.com/weir-go/weir/ext/redisstore"
	"github.com/weir-go/weir/state"
)

func claim(t *testing.T, d *redisstore.Deduper, scope, token string, lease time.Duration, ids ...string) []state.Claim {
	t.Helper()
	claims, err := d.Claim(t.Context(), scope, token, ids, lease)
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

func wantClaims(t *testing.T, what string, got []state.Claim, want ...state.Claim) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestDeduper(t *testing.T) {
	t.Parallel()
	d, scope := redisstore.NewDeduper(client(t, address(t))), own("p")
	ctx := t.Context()
	wantClaims(t, "new", claim(t, d, scope, "x", time.Hour, "1", "2"), state.Claimed, state.Claimed)
	wantClaims(t, "again", claim(t, d, scope, "x", time.Hour, "2", "1"), state.Claimed, state.Claimed)
	wantClaims(t, "another token", claim(t, d, scope, "y", time.Hour, "3", "2", "4"), state.Claimed, state.Busy, state.Claimed)
	wantClaims(t, "another scope", claim(t, d, scope+"2", "y", time.Hour, "1", "2"), state.Claimed, state.Claimed)

	if err := d.Confirm(ctx, scope, "x", []string{"1"}, time.Hour); err != nil {
		t.Fatal(err)
	}
	wantClaims(t, "confirmed", claim(t, d, scope, "y", time.Hour, "1"), state.Done)
	wantClaims(t, "confirmed, the same token", claim(t, d, scope, "x", time.Hour, "1", "2"), state.Done, state.Claimed)

	err := d.Confirm(ctx, scope, "x", []string{"3", "2", "never"}, time.Hour)
	if !errors.Is(err, state.ErrLeaseLost) {
		t.Errorf("confirming another's claim: %v", err)
	}
	wantClaims(t, "beside one that was lost", claim(t, d, scope, "z", time.Hour, "2", "3", "never"), state.Done, state.Busy, state.Claimed)

	if err := d.Release(ctx, scope, "y", []string{"1", "2", "3", "unknown"}); err != nil {
		t.Fatal(err)
	}
	wantClaims(t, "released", claim(t, d, scope, "z", time.Hour, "1", "2", "3", "4"), state.Done, state.Done, state.Claimed, state.Busy)
	if err := d.Confirm(ctx, scope, "y", []string{"3"}, time.Hour); !errors.Is(err, state.ErrLeaseLost) {
		t.Errorf("confirming what was released and taken over: %v", err)
	}

	if claims, err := d.Claim(ctx, scope, "x", nil, time.Hour); len(claims) != 0 || err != nil {
		t.Errorf("nothing: %v, %v", claims, err)
	}
	for _, wrong := range []time.Duration{0, -1} {
		if _, err := d.Claim(ctx, scope, "x", []string{"5"}, wrong); err == nil {
			t.Errorf("a lease of %v was taken", wrong)
		}
		if err := d.Confirm(ctx, scope, "x", []string{"5"}, wrong); err == nil {
			t.Errorf("kept for %v", wrong)
		}
	}
	wantClaims(t, "a lease of 1 ns", claim(t, d, scope, "x", 1, "6"), state.Claimed)
	wantClaims(t, "the longest lease", claim(t, d, scope, "x", 1<<63-1, "7"), state.Claimed)
	wantClaims(t, "the longest lease runs", claim(t, d, scope, "y", time.Hour, "7"), state.Busy)
}

// claimed tries until the claims are the token's.
func claimed(t *testing.T, d *redisstore.Deduper, scope, token string, ids ...string) {
	t.Helper()
	for begin := time.Now(); ; {
		claims := claim(t, d, scope, token, time.Hour, ids...)
		if !slices.ContainsFunc(claims, func(c state.Claim) bool { return c != state.Claimed }) {
			return
		}
		if time.Since(begin) > 30*time.Second {
			t.Fatalf("still %v", claims)
		}
	}
}

func TestLeases(t *testing.T) {
	t.Parallel()
	d, scope := redisstore.NewDeduper(client(t, address(t))), own("p")
	ctx := t.Context()
	claim(t, d, scope, "x", 5*time.Millisecond, "taken", "late")
	claimed(t, d, scope, "y", "taken")
	if err := d.Release(ctx, scope, "x", []string{"taken"}); err != nil {
		t.Fatal(err)
	}
	wantClaims(t, "released by who had lost it", claim(t, d, scope, "z", time.Hour, "taken"), state.Busy)
	if err := d.Confirm(ctx, scope, "x", []string{"taken", "late"}, time.Hour); !errors.Is(err, state.ErrLeaseLost) {
		t.Errorf("confirming what was taken over: %v", err)
	}
	wantClaims(t, "late, but not taken over", claim(t, d, scope, "y", time.Hour, "taken", "late"), state.Claimed, state.Done)
	if err := d.Confirm(ctx, scope, "y", []string{"taken"}, 5*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	claimed(t, d, scope, "x", "taken") // once it is no longer kept
}

// An answer is lost, and the client repeats the call.
func TestF12_LostAnswerOfDeduper(t *testing.T) {
	t.Parallel()
	addr := address(t)
	p := cutproxy.New(t, addr)
	d, scope := redisstore.NewDeduper(client(t, p.Addr())), own("p")
	cutNext := func() *atomic.Int64 {
		var sent atomic.Int64
		p.Rule(func(request []byte) (f cutproxy.Fate) {
			if bytes.Contains(request, []byte(scope)) && sent.Add(1) == 1 {
				f.Answer = []byte("*")
			}
			return f
		})
		return &sent
	}
	for _, call := range []struct {
		name string
		do   func() error
	}{
		{"claim", func() error {
			wantClaims(t, "claim", claim(t, d, scope, "x", time.Hour, "1", "2"), state.Claimed, state.Claimed)
			return nil
		}},
		{"confirm", func() error { return d.Confirm(t.Context(), scope, "x", []string{"1"}, time.Hour) }},
		{"release", func() error { return d.Release(t.Context(), scope, "x", []string{"1", "2"}) }},
	} {
		sent := cutNext()
		if err := call.do(); err != nil {
			t.Errorf("%s: %v", call.name, err)
		}
		if sent.Load() < 2 {
			t.Errorf("%s was sent %d times", call.name, sent.Load())
		}
	}
	wantClaims(t, "at the end", claim(t, d, scope, "y", time.Hour, "1", "2"), state.Done, state.Claimed)
}

func TestManyClaims(t *testing.T) {
	t.Parallel()
	d, scope := redisstore.NewDeduper(client(t, address(t))), own("p")
	ids := make([]string, 2500)
	for i := range ids {
		ids[i] = fmt.Sprint(i)
	}
	var won [2500]atomic.Int64
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			claims, err := d.Claim(t.Context(), scope, fmt.Sprint(g), ids, time.Minute)
			if err != nil || len(claims) != len(ids) {
				t.Errorf("%d claims, %v", len(claims), err)
				return
			}
			var mine []string
			for i, c := range claims {
				if c == state.Claimed {
					won[i].Add(1)
					mine = append(mine, ids[i])
				}
			}
			if err := d.Confirm(t.Context(), scope, fmt.Sprint(g), mine, time.Minute); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range won {
		if n := won[i].Load(); n != 1 {
			t.Fatalf("%d claimed identifier %d", n, i)
		}
	}
}
