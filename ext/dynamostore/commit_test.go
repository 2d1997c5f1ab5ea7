package dynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/weir-go/weir/ext/awslocal/dynamodb"
	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/state"
)

var (
	add = state.Write{Key: key("n"), Add: true, Delta: 5}
	cut = dynamodb.Fault{Do: dynamodb.Cut}
)

// TestF11_RetriedAdd: the SDK repeats an ADD whose answer was lost.
func TestF11_RetriedAdd(t *testing.T) {
	t.Parallel()
	for _, fault := range []dynamodb.Fault{cut, {Do: dynamodb.InternalAfter}} {
		b := overTCP(t)
		b.once("TransactWriteItems", fault)
		commit(t, b.store, add, state.Write{Key: key("m"), Add: true, Delta: -1})
		if n := b.srv.Requests("TransactWriteItems"); n != 2 {
			t.Fatalf("%d requests: the answer of the first was to be lost, and the SDK to send another", n)
		}
		if got := string(load(t, b.store, key("n")).Data); got != "5" {
			t.Errorf("%v: counted %s, want 5", fault, got)
		}
	}
}

// TestF13_RetriedCompareAndSwap: the SDK repeats a conditional write, which then sees its own.
func TestF13_RetriedCompareAndSwap(t *testing.T) {
	t.Parallel()
	b := overTCP(t)
	commit(t, b.store, state.Write{Key: key("old"), Data: []byte("1st")})
	was := load(t, b.store, key("old"))
	b.once("TransactWriteItems", cut)
	commit(t, b.store,
		state.Write{Key: key("old"), Version: was.Version, Data: []byte("2nd")},
		state.Write{Key: key("new"), Data: []byte("first")})
	if n := b.srv.Requests("TransactWriteItems"); n != 2 {
		t.Fatalf("%d requests, want 2", n)
	}
	if is := load(t, b.store, key("old")); string(is.Data) != "2nd" || is.Version == was.Version {
		t.Errorf("%+v", is)
	}
}

// TestJudgement is about what a failed Commit says, and whether it is true.
func TestJudgement(t *testing.T) {
	t.Parallel()
	// The row "taken" is there, at another version; "full" is a number, and "text" is none.
	taken := state.Write{Key: key("taken"), Version: 7}
	create := state.Write{Key: key("taken")}
	full := state.Write{Key: key("full"), Add: true, Delta: 1}
	text := state.Write{Key: key("text"), Add: true, Delta: 1}
	large := state.Write{Key: key("large"), Data: make([]byte, 400<<10)}
	lost := dynamodb.Fault{Do: dynamodb.Refuse} // may be under way, for all the client knows
	for name, c := range map[string]struct {
		writes []state.Write
		faults []dynamodb.Fault // of the attempts, in order; then there are none
		want   error            // nil for a plain error
		row    string           // that the error names
	}{
		"version":                       {writes: []state.Write{add, taken}, want: state.ErrConflict, row: "taken"},
		"exists":                        {writes: []state.Write{create}, want: state.ErrConflict, row: "taken"},
		"overflow":                      {writes: []state.Write{add, full}, want: state.ErrOverflow, row: "full"},
		"no number":                     {writes: []state.Write{text, add}, want: state.ErrNotNumber, row: "text"},
		"conflict before overflow":      {writes: []state.Write{full, text, taken}, want: state.ErrConflict, row: "taken"},
		"too large":                     {writes: []state.Write{add, large}, want: state.ErrRefused},
		"too many":                      {writes: many(101), want: state.ErrRefused},
		"twice":                         {writes: []state.Write{add, add}, want: state.ErrRefused},
		"long name":                     {writes: []state.Write{{Key: key(strings.Repeat("x", 2050))}}, want: state.ErrRefused},
		"transaction":                   {writes: []state.Write{add}, faults: []dynamodb.Fault{{Do: dynamodb.Conflict}}, want: state.ErrConflict},
		"in progress":                   {writes: []state.Write{add}, faults: repeat(dynamodb.InProgress)},
		"throttled":                     {writes: []state.Write{add}, faults: repeat(dynamodb.Throttle)},
		"account throttled":             {writes: []state.Write{add}, faults: repeat(dynamodb.ThrottleAccount)},
		"throttled within":              {writes: []state.Write{add}, faults: repeat(dynamodb.CancelThrottled)},
		"internal":                      {writes: []state.Write{add}, faults: repeat(dynamodb.Internal)},
		"lost":                          {writes: []state.Write{add}, faults: repeat(dynamodb.Refuse)},
		"lost, then version":            {writes: []state.Write{add, taken}, faults: []dynamodb.Fault{lost}, want: state.ErrConflict, row: "taken"},
		"lost, then exists":             {writes: []state.Write{add, create}, faults: []dynamodb.Fault{lost}},
		"lost, then overflow":           {writes: []state.Write{add, full}, faults: []dynamodb.Fault{lost}},
		"lost, then transaction":        {writes: []state.Write{add}, faults: []dynamodb.Fault{lost, {Do: dynamodb.Conflict}}},
		"lost, then too large":          {writes: []state.Write{add, large}, faults: []dynamodb.Fault{lost}},
		"throttled, then transaction":   {writes: []state.Write{add}, faults: []dynamodb.Fault{{Do: dynamodb.Throttle}, {Do: dynamodb.Conflict}}, want: state.ErrConflict},
		"in progress, then transaction": {writes: []state.Write{add}, faults: []dynamodb.Fault{{Do: dynamodb.InProgress}, {Do: dynamodb.Conflict}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := inProcess(t)
				commit(t, b.store, state.Write{Key: key("taken"), Data: []byte("x")}, state.Write{Key: key("text"), Data: []byte("x")},
					state.Write{Key: key("full"), Add: true, Delta: math.MaxInt64})
				b.srv.Fault(func(r dynamodb.Request) dynamodb.Fault {
					if r.Op != "TransactWriteItems" || r.N-2 >= len(c.faults) {
						return dynamodb.Fault{}
					}
					return c.faults[r.N-2]
				})
				err := b.store.Commit(t.Context(), "p", c.writes)
				if err == nil {
					t.Fatal("no error")
				}
				for _, final := range []error{state.ErrConflict, state.ErrOverflow, state.ErrNotNumber, state.ErrRefused} {
					if errors.Is(err, final) != (final == c.want) {
						t.Errorf("%v: matches %v: %v, want %v", err, final, errors.Is(err, final), c.want)
					}
				}
				if c.row != "" && !strings.Contains(err.Error(), strconv.Quote(c.row)) {
					t.Errorf("%v: does not name the row %q", err, c.row)
				}
				b.srv.Fault(nil)
				if r := load(t, b.store, add.Key); r.Version != 0 {
					t.Errorf("applied in part: %+v", r)
				}
			})
		})
	}
}

func repeat(a dynamodb.Action) []dynamodb.Fault {
	return []dynamodb.Fault{{Do: a}, {Do: a}, {Do: a}}
}

func many(n int) (writes []state.Write) {
	for i := range n {
		writes = append(writes, state.Write{Key: key(fmt.Sprint("many", i))})
	}
	return writes
}

// TestWithoutTable: what to do is in the text.
func TestWithoutTable(t *testing.T) {
	t.Parallel()
	b := inProcess(t)
	s := dynamostore.New(b.client, "no-such-table")
	commitErr := s.Commit(t.Context(), "p", []state.Write{add})
	_, loadErr := s.Load(t.Context(), "p", []state.Key{add.Key}, true)
	_, claimErr := dynamostore.NewDeduper(b.client, "no-such-table").Claim(t.Context(), "p", "t", []string{"1"}, time.Minute)
	for _, err := range []error{commitErr, loadErr, claimErr} {
		if !errors.Is(err, state.ErrRefused) || !strings.Contains(err.Error(), `table "no-such-table": create it`) {
			t.Errorf("%v", err)
		}
	}
}

// TestTokenLife: no attempt is made once DynamoDB may have forgotten the first.
func TestTokenLife(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]string{8 * time.Minute: "5", 9*time.Minute + 1: "error", 30 * time.Minute: "error"} {
		synctest.Test(t, func(t *testing.T) {
			b := inProcess(t)
			b.once("TransactWriteItems", cut)
			patient := retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return wait, nil })
			})
			s := dynamostore.New(newClient("http://dynamodb.invalid", b.srv.Client(), func(o *sdk.Options) { o.Retryer = patient }), b.table)
			err := s.Commit(t.Context(), "p", []state.Write{add})
			got := "error"
			if err == nil {
				got = string(load(t, s, add.Key).Data)
			}
			if got != want {
				t.Errorf("an attempt %v later: %s (%v), want %s", wait, got, err, want)
			}
			if n := string(load(t, s, add.Key).Data); n != "5" {
				t.Errorf("an attempt %v later: the sum is %s", wait, n)
			}
		})
	}
}

// TestDeadline: neither the SDK's pauses nor ours go beyond it.
func TestDeadline(t *testing.T) {
	t.Parallel()
	keys := make([]state.Key, 100)
	for i := range keys {
		keys[i].Name = strconv.Itoa(i)
	}
	synctest.Test(t, func(t *testing.T) {
		b := inProcess(t)
		left := len(keys)
		b.srv.Fault(func(r dynamodb.Request) dynamodb.Fault {
			if r.Op == "BatchGetItem" { // one key at a time
				left--
				return dynamodb.Fault{Unprocessed: left}
			}
			return dynamodb.Fault{Delay: time.Hour}
		})
		for name, do := range map[string]func(context.Context) error{
			"commit": func(ctx context.Context) error { return b.store.Commit(ctx, "p", []state.Write{add}) },
			"load": func(ctx context.Context) error {
				_, err := b.store.Load(ctx, "p", keys, true)
				return err
			},
			"claim": func(ctx context.Context) error {
				_, err := dynamostore.NewDeduper(b.client, b.table).Claim(ctx, "p", "t", []string{"1", "2"}, time.Minute)
				return err
			},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			begin := time.Now()
			err := do(ctx)
			cancel()
			if took := time.Since(begin); took > time.Second || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v after %v", name, err, took)
			}
		}
		if left < 2 {
			t.Error("there was no pause between the keys")
		}
	})
}

// TestOneWinner: 16 goroutines replace one version.
func TestOneWinner(t *testing.T) {
	t.Parallel()
	b := anywhere(t)
	version := uint64(0)
	for round := range 20 {
		var won atomic.Int32
		var all sync.WaitGroup
		for g := range 16 {
			all.Go(func() {
				err := again(func() error {
					return b.store.Commit(t.Context(), "p", []state.Write{
						{Key: key("k"), Version: version, Data: []byte(strconv.Itoa(g))}, {Key: key("wins"), Add: true, Delta: 1}})
				}, func() bool { return load(t, b.store, key("k")).Version == version })
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, state.ErrConflict) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("round %d: %d won", round, won.Load())
		}
		version = load(t, b.store, key("k")).Version
	}
	if got := string(load(t, b.store, key("wins")).Data); got != "20" {
		t.Errorf("%s wins were counted, of 20", got)
	}
}

// again repeats what met another transaction, while it may still succeed.
func again(do func() error, may func() bool) error {
	for {
		if err := do(); !errors.Is(err, state.ErrConflict) || !may() {
			return err
		}
	}
}

// TestAddsAtOnce: 16 goroutines add to the same rows, and meet.
func TestAddsAtOnce(t *testing.T) {
	t.Parallel()
	b := inProcess(t, dynamodb.ConflictOneIn(5, 1))
	var all sync.WaitGroup
	var conflicts atomic.Int32
	for range 16 {
		all.Go(func() {
			for range 25 {
				err := again(func() error {
					err := b.store.Commit(t.Context(), "p", []state.Write{add, {Key: key("m"), Add: true, Delta: -1 << 40}})
					if err != nil {
						conflicts.Add(1)
					}
					return err
				}, func() bool { return true })
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for name, want := range map[string]int64{"n": 16 * 25 * 5, "m": 16 * 25 * -1 << 40} {
		if got := string(load(t, b.store, key(name)).Data); got != strconv.FormatInt(want, 10) {
			t.Errorf("%s is %s, want %d", name, got, want)
		}
	}
	if conflicts.Load() == 0 {
		t.Error("no transaction met another one")
	}
}

// TestNumbers: what can be added to, and what is the end of it.
func TestNumbers(t *testing.T) {
	t.Parallel()
	b := anywhere(t)
	for i, c := range []struct {
		has   string
		delta int64
		want  string
		err   error
	}{
		{"9223372036854775806", 1, "9223372036854775807", nil},
		{"9223372036854775807", 1, "", state.ErrOverflow},
		{"9007199254740993", 1, "9007199254740994", nil},
		{"-9223372036854775807", -1, "-9223372036854775808", nil},
		{"-9223372036854775808", -1, "", state.ErrOverflow},
		{"-1", math.MinInt64, "", state.ErrOverflow},
		{"0", math.MinInt64, "-9223372036854775808", nil},
		{"9223372036854775807", math.MinInt64, "-1", nil},
		{"1000", 0, "1000", nil},
		{"5", -5, "0", nil},
		{"", 1, "", state.ErrNotNumber},
		{"+5", 1, "", state.ErrNotNumber},
		{"05", 1, "", state.ErrNotNumber},
		{"-0", 1, "", state.ErrNotNumber},
		{"5 ", 1, "", state.ErrNotNumber},
		{"1e3", 1, "", state.ErrNotNumber},
		{"9223372036854775808", -1, "", state.ErrNotNumber},
	} {
		k := key(fmt.Sprint("row", i))
		commit(t, b.store, state.Write{Key: k, Data: []byte(c.has)})
		if err := b.store.Commit(t.Context(), "p", []state.Write{{Key: k, Add: true, Delta: c.delta}}); !errors.Is(err, c.err) {
			t.Errorf("%q%+d: %v, want %v", c.has, c.delta, err, c.err)
		}
		want := c.want
		if c.err != nil {
			want = c.has
		}
		if got := string(load(t, b.store, k).Data); got != want {
			t.Errorf("%q%+d is %q, want %q", c.has, c.delta, got, want)
		}
	}
}
