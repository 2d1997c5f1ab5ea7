package dynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/weir-go/weir/ext/awslocal/dynamodb"
	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/state"
)

func claim(t testing.TB, d state.Deduper, scope, token string, want ...any) {
	t.Helper()
	var ids []string
	var wanted []state.Claim
	for i := 0; i < len(want); i += 2 {
		ids, wanted = append(ids, want[i].(string)), append(wanted, want[i+1].(state.Claim))
	}
	got, err := d.Claim(t.Context(), scope, token, ids, time.Minute)
	if err != nil || !slices.Equal(got, wanted) {
		t.Errorf("%.40s claims %.40q: %v %v, want %v", token, ids, got, err, wanted)
	}
}

// TestDeduper is the contract's life of a claim, step by step.
func TestDeduper(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inProcess(t)
		d := dynamostore.NewDeduper(b.client, b.table)
		claim(t, d, "p", "one", "a", state.Claimed, "b", state.Claimed, "c", state.Claimed)
		claim(t, d, "p", "two", "a", state.Busy, "d", state.Claimed, "b", state.Busy)
		claim(t, d, "p", "one", "a", state.Claimed)
		if err := d.Confirm(t.Context(), "p", "one", []string{"a"}, time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := d.Release(t.Context(), "p", "one", []string{"a", "b", "d", "nobody's"}); err != nil {
			t.Fatal(err)
		}
		claim(t, d, "p", "two", "a", state.Done, "b", state.Claimed, "c", state.Busy)
		claim(t, d, "p", "one", "a", state.Done, "d", state.Busy)

		time.Sleep(40 * time.Second)
		claim(t, d, "p", "two", "b", state.Claimed) // renewed
		time.Sleep(40 * time.Second)                // the first lease is over, but that of b
		claim(t, d, "p", "three", "b", state.Busy, "c", state.Claimed)
		if err := d.Confirm(t.Context(), "p", "two", []string{"b"}, time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := d.Confirm(t.Context(), "p", "one", []string{"c", "a", "gone"}, time.Hour); !errors.Is(err, state.ErrLeaseLost) {
			t.Errorf("confirmed what three has: %v", err)
		}
		claim(t, d, "p", "four", "a", state.Done, "b", state.Done, "c", state.Busy)

		// A claim whose lease is over can be confirmed while nobody else wants it.
		claim(t, d, "p", "five", "late", state.Claimed)
		time.Sleep(2 * time.Minute)
		b.srv.Expire(time.Now())
		if err := d.Confirm(t.Context(), "p", "five", []string{"late"}, time.Hour); err != nil {
			t.Errorf("late: %v", err)
		}
		time.Sleep(time.Hour + time.Second)
		claim(t, d, "p", "six", "a", state.Claimed, "late", state.Claimed) // kept long enough
		claim(t, d, "p", "seven", "a", state.Busy)                         // not done once more
		if b.srv.Expire(time.Now().Add(3 * time.Hour)); len(b.items(t)) != 0 {
			t.Errorf("%d claims are never deleted", len(b.items(t)))
		}
	})
}

// TestF14_Scopes: two pipelines, and the rows of a store, in one table.
func TestF14_Scopes(t *testing.T) {
	t.Parallel()
	b := anywhere(t)
	d := dynamostore.NewDeduper(b.client, b.table)
	commit(t, b.store, state.Write{Key: key("id")})
	long := strings.Repeat("x", 3000)
	scopes := []string{"p", "", "=", "p2", "\x00", "\xff", "pid"}
	ids := []string{"id", "", "=", "2id", "\x00", "\xff\xfe", "d", long, long + "y"}
	for _, scope := range scopes {
		for _, id := range ids {
			claim(t, d, scope, fmt.Sprintf("%q %q", scope, id), id, state.Claimed)
		}
	}
	if n, want := len(b.items(t)), 1+len(scopes)*len(ids); n != want {
		t.Errorf("%d items, want %d", n, want)
	}
	if r := load(t, b.store, key("id")); r.Version == 0 {
		t.Error("the store's row is gone")
	}
	for range b.store.List(t.Context(), "", state.Value) {
		t.Error("a claim is listed as a row")
	}
}

// TestF12_RetriedClaim: the answer to a claim is lost, and the SDK repeats it; and so for the
// rest of its life.
func TestF12_RetriedClaim(t *testing.T) {
	t.Parallel()
	b := overTCP(t)
	d := dynamostore.NewDeduper(b.client, b.table)
	b.once("UpdateItem", cut)
	claim(t, d, "p", "one", "a", state.Claimed)
	b.once("UpdateItem", cut)
	if err := d.Confirm(t.Context(), "p", "one", []string{"a"}, time.Hour); err != nil {
		t.Error(err)
	}
	claim(t, d, "p", "two", "a", state.Done, "b", state.Claimed)
	b.once("DeleteItem", cut)
	if err := d.Release(t.Context(), "p", "two", []string{"b"}); err != nil {
		t.Error(err)
	}
	claim(t, d, "p", "three", "b", state.Claimed)
	if updates, deletes := b.srv.Requests("UpdateItem"), b.srv.Requests("DeleteItem"); updates != 7 || deletes != 2 {
		t.Errorf("%d updates and %d deletes: no answer was lost", updates, deletes)
	}
	b.always("UpdateItem", cut) // until the SDK gives up, and the pipeline claims once more
	if _, err := d.Claim(t.Context(), "p", "four", []string{"c"}, time.Minute); err == nil {
		t.Error("claimed without an answer")
	}
	b.srv.Fault(nil)
	claim(t, d, "p", "four", "c", state.Claimed)
}

// TestF23_ThrottledDeduper: no answer is not an answer.
func TestF23_ThrottledDeduper(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inProcess(t)
		d := dynamostore.NewDeduper(b.client, b.table)
		ids := make([]string, 300)
		for i := range ids {
			ids[i] = strconv.Itoa(i)
		}
		for _, a := range []dynamodb.Action{dynamodb.Throttle, dynamodb.ThrottleAccount, dynamodb.Internal, dynamodb.Conflict} {
			var n atomic.Int64
			b.srv.Fault(func(r dynamodb.Request) dynamodb.Fault {
				if n.Add(1) > 40 {
					return dynamodb.Fault{Do: a}
				}
				return dynamodb.Fault{}
			})
			if claims, err := d.Claim(t.Context(), "p", "one", ids, time.Hour); err == nil || claims != nil {
				t.Errorf("%v: claimed %v", a, claims)
			}
			if n.Load() > 40+3*10 {
				t.Errorf("%v: went on for %d requests after the first error", a, n.Load()-40)
			}
			n.Store(0)
			if err := d.Confirm(t.Context(), "p", "one", ids, time.Hour); err == nil || errors.Is(err, state.ErrLeaseLost) {
				t.Errorf("%v: confirm: %v", a, err)
			}
			n.Store(40)
			if err := d.Release(t.Context(), "p", "one", ids); err == nil {
				t.Errorf("%v: released", a)
			}
			n.Store(-1000)
			if err := d.Release(t.Context(), "p", "one", ids); err != nil {
				t.Errorf("%v: release: %v", a, err)
			}
		}
	})
}

// TestClaimsAtOnce: 16 want the same identifiers, each of which one gets.
func TestClaimsAtOnce(t *testing.T) {
	t.Parallel()
	b := anywhere(t)
	d := dynamostore.NewDeduper(b.client, b.table)
	ids := make([]string, 50)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	owners := make([]atomic.Int32, len(ids))
	var all sync.WaitGroup
	for g := range 16 {
		all.Go(func() {
			claims, err := d.Claim(t.Context(), "p", fmt.Sprint("token", g), ids, time.Minute)
			if err != nil {
				t.Error(err)
			}
			for i, c := range claims {
				if c == state.Claimed {
					owners[i].Add(1)
				}
			}
		})
	}
	all.Wait()
	for i := range owners {
		if n := owners[i].Load(); n != 1 {
			t.Errorf("%s has %d owners", ids[i], n)
		}
	}
}

// TestEach: nothing to do, or no time to do it.
func TestEach(t *testing.T) {
	t.Parallel()
	d := dynamostore.NewDeduper(refusing{t}, "t")
	if claims, err := d.Claim(t.Context(), "p", "one", nil, time.Minute); err != nil || len(claims) != 0 {
		t.Errorf("no identifiers: %v %v", claims, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Claim(ctx, "p", "one", []string{"a"}, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// refusing is a client that must not be called.
type refusing struct{ t *testing.T }

func (r refusing) UpdateItem(context.Context, *sdk.UpdateItemInput, ...func(*sdk.Options)) (*sdk.UpdateItemOutput, error) {
	r.t.Error("called")
	return nil, &types.InternalServerError{}
}

func (r refusing) DeleteItem(context.Context, *sdk.DeleteItemInput, ...func(*sdk.Options)) (*sdk.DeleteItemOutput, error) {
	r.t.Error("called")
	return nil, &types.InternalServerError{}
}
