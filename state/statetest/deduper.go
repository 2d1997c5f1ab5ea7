package statetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
)

// RunDeduper checks a state.Deduper: the contract, and pipelines under faults that have it, whose rows are
// in memory. It may hold other claims; only scopes that begin with "statetest-" are used.
func RunDeduper(t *testing.T, newDeduper func(t *testing.T) state.Deduper) {
	d := newDeduper(t)
	for _, c := range []struct {
		name  string
		check func(t *testing.T, c *claims)
	}{
		{"TwoSteps", twoSteps},
		{"Lease", leases},
		{"LeaseLost", leaseLost},
		{"Release", release},
		{"Keep", keep},
		{"Scopes", scopes},
		{"Many", manyClaims},
		{"OneWinner", oneClaim},
		{"Ended", endedClaim},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, &claims{d, uniqueName()}) })
	}
	t.Run("Exact", func(t *testing.T) { ExactDedup(t, mem.New(), d, *histories, *seed) })
}

// claims are those of one scope.
type claims struct {
	state.Deduper
	scope string
}

const long = time.Hour

func (c *claims) claim(t *testing.T, token string, lease time.Duration, ids []string, want ...state.Claim) {
	t.Helper()
	got, err := c.Claim(t.Context(), c.scope, token, ids, lease)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("Claim of %q by %s: %v, %v, want %v", ids, token, got, err, want)
	}
}

func (c *claims) confirm(t *testing.T, token string, want error, ids ...string) {
	t.Helper()
	if err := c.Confirm(t.Context(), c.scope, token, ids, long); !errors.Is(err, want) {
		t.Fatalf("Confirm of %q by %s: %v, want %v", ids, token, err, want)
	}
}

func twoSteps(t *testing.T, c *claims) {
	ab := []string{"a", "b"}
	c.claim(t, "one", long, ab, state.Claimed, state.Claimed)
	c.claim(t, "two", long, []string{"b", "new", "a"}, state.Busy, state.Claimed, state.Busy)
	c.claim(t, "one", long, ab, state.Claimed, state.Claimed) // a retry after a lost answer
	c.confirm(t, "one", nil, "a")
	c.confirm(t, "one", nil, "a") // likewise
	for _, token := range []string{"one", "two", "three"} {
		c.claim(t, token, long, []string{"a"}, state.Done)
	}
	c.claim(t, "two", long, ab, state.Done, state.Busy)
}

// until waits for what takes a lease's time, by the clock of a server.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); {
		if time.Now().After(end) {
			t.Fatalf("%s did not happen", what)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

func leases(t *testing.T, c *claims) {
	id := []string{"a"}
	c.claim(t, "one", time.Second, id, state.Claimed)
	c.claim(t, "two", long, id, state.Busy)
	until(t, "the end of the lease", func() bool {
		got, err := c.Claim(t.Context(), c.scope, "two", id, long)
		return err == nil && got[0] == state.Claimed
	})
	c.claim(t, "one", long, id, state.Busy) // it is the other's now
	c.confirm(t, "two", nil, "a")
	c.claim(t, "one", long, id, state.Done)
}

func leaseLost(t *testing.T, c *claims) {
	c.claim(t, "one", time.Second, []string{"a"}, state.Claimed)
	c.claim(t, "one", long, []string{"b"}, state.Claimed)
	until(t, "the end of the lease", func() bool {
		got, err := c.Claim(t.Context(), c.scope, "two", []string{"a"}, long)
		return err == nil && got[0] == state.Claimed
	})
	c.confirm(t, "one", state.ErrLeaseLost, "a", "b")
	c.claim(t, "three", long, []string{"a", "b"}, state.Busy, state.Done) // the others were confirmed
	c.confirm(t, "nobody", state.ErrLeaseLost, "never claimed")
}

func release(t *testing.T, c *claims) {
	ids := []string{"done", "pending", "other"}
	c.claim(t, "one", long, ids[:2], state.Claimed, state.Claimed)
	c.claim(t, "two", long, ids[2:], state.Claimed)
	c.confirm(t, "one", nil, "done")
	for range 2 {
		if err := c.Release(t.Context(), c.scope, "one", append(ids, "never claimed")); err != nil {
			t.Fatal(err)
		}
	}
	c.claim(t, "three", long, ids, state.Done, state.Claimed, state.Busy)
	if err := c.Release(t.Context(), c.scope, "one", ids); err != nil { // a late one
		t.Fatal(err)
	}
	c.claim(t, "four", long, ids, state.Done, state.Busy, state.Busy)
}

// keep: what was confirmed is forgotten some time after that.
func keep(t *testing.T, c *claims) {
	c.claim(t, "one", long, []string{"a"}, state.Claimed)
	if err := c.Confirm(t.Context(), c.scope, "one", []string{"a"}, time.Second); err != nil {
		t.Fatal(err)
	}
	c.claim(t, "two", long, []string{"a"}, state.Done)
	until(t, "the end of what was kept", func() bool {
		got, err := c.Claim(t.Context(), c.scope, "two", []string{"a"}, long)
		return err == nil && got[0] == state.Claimed
	})
}

func scopes(t *testing.T, c *claims) {
	for i, id := range odd {
		other := &claims{c.Deduper, c.scope + "-other"}
		c.claim(t, "one", long, []string{id}, state.Claimed)
		other.claim(t, "two", long, []string{id}, state.Claimed)
		if i%2 == 0 {
			c.confirm(t, "one", nil, id)
		}
		other.claim(t, "three", long, []string{id}, state.Busy)
	}
	split := []*claims{{c.Deduper, c.scope + "a"}, {c.Deduper, c.scope}}
	split[0].claim(t, "one", long, []string{"b"}, state.Claimed)
	split[1].claim(t, "two", long, []string{"ab"}, state.Claimed)
}

func manyClaims(t *testing.T, c *claims) {
	var ids []string
	var claimed, mixed []state.Claim
	for i := range 250 {
		ids = append(ids, fmt.Sprint("id-", i))
		claimed = append(claimed, state.Claimed)
		mixed = append(mixed, []state.Claim{state.Done, state.Busy}[i%2])
	}
	c.claim(t, "one", long, ids, claimed...)
	var even []string
	for i := 0; i < len(ids); i += 2 {
		even = append(even, ids[i])
	}
	c.confirm(t, "one", nil, even...)
	c.claim(t, "two", long, ids, mixed...)
	if got, err := c.Claim(t.Context(), c.scope, "two", nil, long); err != nil || len(got) != 0 {
		t.Errorf("a claim of nothing: %v, %v", got, err)
	}
	c.confirm(t, "two", nil)
}

func oneClaim(t *testing.T, c *claims) {
	var won [20]atomic.Int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range won {
				got, err := c.Claim(t.Context(), c.scope, fmt.Sprint("writer-", w), []string{fmt.Sprint(i)}, long)
				if err != nil {
					t.Error(err)
				} else if got[0] == state.Claimed {
					won[i].Add(1)
				}
			}
		})
	}
	wg.Wait()
	for i := range won {
		if n := won[i].Load(); n != 1 {
			t.Errorf("%d writers have the claim of %d", n, i)
		}
	}
}

func endedClaim(t *testing.T, c *claims) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Claim(ctx, c.scope, "one", []string{"a"}, long); err == nil {
		t.Error("Claim with a context that has ended succeeded")
	}
	if err := c.Confirm(ctx, c.scope, "one", []string{"a"}, long); err == nil {
		t.Error("Confirm with a context that has ended succeeded")
	}
}
