package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/middleware/visibility"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
	"github.com/weir-go/weir/weirtest"
)

var (
	errDown  = weir.Unavailable(errors.New("connection refused"))
	errStock = errors.New("out of stock")
)

// dependency is what handlers call. It answers by the payload's first word, and notes who came.
type dependency struct {
	answers map[string]error

	mu   sync.Mutex
	came []string
}

func (d *dependency) handle(_ context.Context, m *weir.Message) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := string(m.Payload)
	d.came = append(d.came, text)
	word, _, _ := strings.Cut(text, " ")
	return d.answers[word]
}

func (d *dependency) calls() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	calls := strings.Join(d.came, ",")
	d.came = nil
	return calls
}

func words(text string) []any {
	var values []any
	for word := range strings.FieldsSeq(text) {
		values = append(values, word)
	}
	return values
}

// states is one letter a record: what became of it, "o" for one that an open breaker refused, and "k"
// for one skipped.
func states(r *weirtest.Result) string {
	var b strings.Builder
	for _, o := range r.Records {
		if s := string(o.State); errors.Is(o.Err, middleware.ErrOpen) {
			b.WriteByte('o')
		} else if o.State == weirtest.Skipped {
			b.WriteByte('k')
		} else {
			b.WriteByte(s[0])
		}
	}
	return b.String()
}

// A thousand records do not wait for a service that is down, one after another.
func TestF08_Breaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		fn := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
			calls++
			time.Sleep(3 * time.Second)
			return errDown
		}), weir.ReportAll(), middleware.Breaker(middleware.Circuit{}), middleware.Retry(middleware.Retries{}))
		begin := time.Now()
		r := weirtest.Run(t.Context(), fn, weirtest.SQS(make([]any, 1000)...))
		assert.NoError(t, r.Err)
		assert.Equal(t, time.Since(begin), 15*time.Second)
		assert.Equal(t, calls, 5)
		assert.Equal(t, len(r.Retried()), 1000)
		assert.Equal(t, states(r), "fffff"+strings.Repeat("o", 995))
		assert.Contains(t, r.Records[999].Err.Error(), "breaker is open after 5 failures in a row (unavailable), the last: unavailable: connection refused")
	})
}

// What counts, and what begins the count anew.
func TestBreakerCounts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ batch, want string }{
		{"down down down ok", "fffo"},
		{"down down ok down down ok", "ffsffs"},
		{"down down stock down down ok", "fffffs"}, // of two classes
		{"down stock down stock down ok", "fffffs"},
		{"stock stock stock ok", "fffo"},
		{"down timeout net ok", "fffo"},                                    // of one class
		{"down drop permanent undecodable down panic down ok", "fdfffffo"}, // those between say nothing
		{"down later later ok", "fffs"},
		{"permanent permanent permanent permanent ok", "ffffs"},
		{"down abort down down ok", "ffkkk"},
	} {
		d := &dependency{answers: map[string]error{
			"down": errDown, "stock": errStock, "timeout": fmt.Errorf("call: %w", context.DeadlineExceeded), "net": netError{},
			"drop": weir.Drop(errDown), "permanent": weir.Permanent(errDown), "undecodable": weir.Undecodable(errDown), "abort": weir.Abort(errDown),
			"later": weir.RetryAfter(time.Hour, errStock),
		}}
		fn := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
			if string(m.Payload) == "panic" {
				panic("ouch")
			}
			return d.handle(ctx, m)
		}), weir.ReportAll(), middleware.Breaker(middleware.Circuit{After: 3}))
		for range 2 { // each batch begins with a closed breaker
			r := weirtest.Run(t.Context(), fn, weirtest.SQS(words(tt.batch)...))
			assert.Equal(t, states(r), tt.want, tt.batch)
		}
	}
}

type netError struct{}

func (netError) Error() string   { return "no route to host" }
func (netError) Timeout() bool   { return false }
func (netError) Temporary() bool { return false }

// What each source makes of it: all of what was not run comes back, and policies do not give it up.
func TestBreakerBySource(t *testing.T) {
	t.Parallel()
	var letters []string
	sink := deadletter.Func(func(_ context.Context, l *deadletter.Letter) error {
		letters = append(letters, l.ID)
		return nil
	})
	option := weir.FlowOptions(middleware.Breaker(middleware.Circuit{After: 2}), deadletter.To(sink, deadletter.MaxReceives(3)))
	d := &dependency{answers: map[string]error{"stock": errStock}}
	verb := weir.EachMessage(d.handle)
	sqs := weir.SQSOnly(option)
	stale := func(group string, value any) weirtest.Record {
		return weirtest.Record{OrderingKey: group, Value: value, Attempt: 9}
	}
	for _, tt := range []struct {
		name    string
		fn      *weir.Lambda
		event   weirtest.Event
		want    string
		retried int
		dead    int
	}{
		{"standard", weir.SQS(verb, sqs), weirtest.SQS("ok", stale("", "stock"), stale("", "stock"), stale("", "ok"), "ok"), "sddoo", 2, 2},
		{"FIFO", weir.SQS(verb, sqs), weirtest.FIFO(weirtest.In("a", "ok"), weirtest.In("b", "stock", "ok"), weirtest.In("c", "ok")), "sfkk", 3, 0},
		{"groups", weir.SQS(verb, sqs, weir.SkipGroup()), weirtest.FIFO(weirtest.In("a", "ok", "ok"), weirtest.In("b", "stock"), weirtest.In("c", "stock"),
			stale("d", "ok"), stale("d", "ok"), stale("a", "ok")), "ssffoko", 5, 0},
		{"Kinesis", weir.Kinesis(verb, option), weirtest.Kinesis("ok", "stock", "stock", "ok", "ok"), "sffoo", 4, 0},
	} {
		letters = nil
		r := weirtest.Run(t.Context(), tt.fn, tt.event)
		assert.NoError(t, r.Err)
		assert.Equal(t, states(r), tt.want, tt.name)
		assert.Equal(t, len(r.Retried()), tt.retried, tt.name)
		assert.Equal(t, len(letters), tt.dead, tt.name)
		d.calls()
	}
}

// The breaker of a sandbox: open for its cool-down, then one record is let through at a time.
func TestBreakerCoolDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var changes []string
		d := &dependency{answers: map[string]error{"down": errDown, "permanent": weir.Permanent(errDown)}}
		fn := weir.SQS(weir.EachMessage(d.handle), weir.ReportAll(), middleware.Breaker(middleware.Circuit{
			After: 2, CoolDown: 10 * time.Second, MaxCoolDown: 30 * time.Second,
			OnChange: func(_ context.Context, c middleware.BreakerChange) {
				changes = append(changes, fmt.Sprint(c.From, "-", c.To, " ", c.Failures, " ", c.CoolDown, " ", c.Refused))
			}}))
		batch := func(text, want string, wantChanges ...string) {
			t.Helper()
			changes = nil
			r := weirtest.Run(t.Context(), fn, weirtest.SQS(words(text)...))
			assert.Equal(t, states(r), want, text)
			assert.Equal(t, changes, wantChanges, text)
		}
		batch("down", "f")
		batch("down ok ok", "foo", "closed-open 2 10s 0")
		time.Sleep(10*time.Second - 1)
		batch("ok", "o")
		time.Sleep(time.Nanosecond)
		batch("down ok", "fo", "open-half-open 2 10s 3", "half-open-open 3 20s 3")
		time.Sleep(10 * time.Second)
		batch("ok", "o")
		time.Sleep(10 * time.Second)
		batch("down", "f", "open-half-open 3 20s 5", "half-open-open 4 30s 5")
		time.Sleep(30 * time.Second)
		batch("down", "f", "open-half-open 4 30s 5", "half-open-open 5 30s 5")
		time.Sleep(30 * time.Second)
		batch("permanent permanent ok down down ok", "ffsffo", "open-half-open 5 30s 5", "half-open-closed 0 0s 5", "closed-open 2 10s 0")
	})
}

// What may be a record's own fault counts once, however often it or a part of it fails. So does
// what it finds when it is let through.
func TestBreakerSameRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var changes []string
		d := &dependency{answers: map[string]error{"down": errDown, "stock": errStock}}
		fn := weir.SQS(weir.Unwrap(weir.EachMessage(d.handle), func(_ context.Context, m *weir.Message) (parts []weir.Message, err error) {
			for i, word := range strings.Split(string(m.Payload), "+") {
				parts = append(parts, m.WithPart(i, []byte(word)))
			}
			return parts, nil
		}), weir.ReportAll(), middleware.Breaker(middleware.Circuit{After: 2, CoolDown: 10 * time.Second,
			OnChange: func(_ context.Context, c middleware.BreakerChange) {
				changes = append(changes, fmt.Sprint(c.From, "-", c.To, " ", c.Failures, " ", c.Err))
			}}))
		batch := func(text, calls string, wantChanges ...string) {
			t.Helper()
			changes = nil
			var records []any
			for word := range strings.FieldsSeq(text) {
				id, text, _ := strings.Cut(word, ":")
				records = append(records, weirtest.Record{ID: id, Value: text})
			}
			weirtest.Run(t.Context(), fn, weirtest.SQS(records...))
			assert.Equal(t, d.calls(), calls, text)
			assert.Equal(t, changes, wantChanges, text)
			time.Sleep(10 * time.Second)
		}
		batch("a:stock", "stock")
		batch("a:stock", "stock")
		batch("a:stock+stock+stock b:stock c:ok", "stock,stock,stock,stock", "closed-open 2 out of stock")
		const half, open = "open-half-open 2 out of stock", "half-open-open 3 out of stock"
		batch("a:stock+ok b:ok", "stock", half, open)
		batch("b:stock a:ok", "stock", "open-half-open 3 out of stock", "half-open-open 4 out of stock")
		batch("a:stock+ok b:stock+ok", "stock,ok,stock,ok", "open-half-open 4 out of stock", "half-open-closed 0 out of stock")
		batch("a:stock b:stock a:stock c:stock", "stock,stock,stock,stock") // a and b are known
		batch("d:stock e:ok", "stock", "closed-open 2 out of stock")
		batch("d:ok", "ok", half, "half-open-closed 0 <nil>")
		batch("a:stock b:stock c:ok", "stock,stock", "closed-open 2 out of stock")
		batch("a:ok", "ok", half, "half-open-closed 0 <nil>")

		// What is unavailable is so for all, so each failure of it counts.
		down := errDown.Error()
		batch("a:down", "down")
		batch("a:down b:ok", "down", "closed-open 2 "+down)
		batch("a:down", "down", "open-half-open 2 "+down, "half-open-open 3 "+down)
		batch("a:down b:ok", "down", "open-half-open 3 "+down, "half-open-open 4 "+down)
	})
}

// A long-running worker pauses, and does all of it in the end, without counting attempts.
func TestBreakerStreaming(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New("orders", 2)
		for i := range 40 {
			log.Append(i%2, []byte(fmt.Sprint(i)))
		}
		log.End()
		begin := time.Now()
		done, tries, dead := map[string]int{}, 0, 0
		var mu sync.Mutex
		err := streaming.Run(t.Context(), weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			mu.Lock()
			defer mu.Unlock()
			tries++
			if time.Since(begin) < 5*time.Minute {
				return errDown
			}
			done[string(m.Payload)]++
			return nil
		}), log.Group().Member(), streaming.Attempts(2),
			streaming.DeadLetter(func(context.Context, *weir.Message, error) error { dead++; return nil }),
			streaming.Handling(middleware.Breaker(middleware.Circuit{After: 2, CoolDown: 10 * time.Second})))
		assert.NoError(t, err)
		assert.Equal(t, len(done), 40)
		assert.Equal(t, dead, 0)
		if tries > 40+2+31 {
			t.Errorf("%d tries: the service is down for 300 s, and asked every 10 s", tries)
		}
	})
}

// Refused messages come back when the cool-down is over, or later if they were received often.
func TestBreakerVisibility(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			coolDown time.Duration
			want     []time.Duration
		}{
			{20 * time.Second, []time.Duration{2 * time.Second, 20 * time.Second, 64 * time.Second}},
			{0, []time.Duration{2 * time.Second, 2 * time.Second, 64 * time.Second}},
		} {
			d := &dependency{answers: map[string]error{"down": errDown}}
			c := &recorder{}
			fn := weir.SQS(weir.EachMessage(d.handle), weir.ReportAll(), middleware.Breaker(middleware.Circuit{After: 1, CoolDown: tt.coolDown}),
				visibility.BackOff(c, visibility.Exponential(2*time.Second, time.Hour)))
			r := weirtest.Run(t.Context(), fn, weirtest.SQS("down", "ok", weirtest.Record{Value: "ok", Attempt: 6}))
			assert.Equal(t, states(r), "foo")
			assert.Equal(t, c.got, tt.want)
		}
	})
}

type recorder struct{ got []time.Duration }

func (r *recorder) ChangeVisibility(_ context.Context, _ string, entries []visibility.Entry) ([]visibility.Failure, error) {
	for _, e := range entries {
		r.got = append(r.got, e.Timeout)
	}
	return nil, nil
}

// RecordTimeout counts as unavailable, whatever the handler says; the end of the batch says nothing.
func TestBreakerDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
			<-ctx.Done()
			return errStock
		})
		circuit := middleware.Breaker(middleware.Circuit{After: 2, CoolDown: time.Hour})
		r := weirtest.Run(t.Context(), weir.SQS(h, circuit, weir.ReportAll(), weir.RecordTimeout(time.Second)), weirtest.SQS(1, 2, 3))
		assert.Equal(t, states(r), "ffo")
		var open *middleware.OpenError
		assert.Equal(t, errors.As(r.Records[2].Err, &open), true)
		assert.Equal(t, open.Class, "unavailable")
		assert.Equal(t, errors.Is(r.Records[2].Err, errStock), false) // it was another record's

		circuit = middleware.Breaker(middleware.Circuit{After: 1, CoolDown: time.Hour})
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			r = weirtest.Run(ctx, weir.SQS(h, circuit, weir.ReportAll()), weirtest.SQS(1))
			cancel()
			assert.Equal(t, states(r), "f")
		}
	})
}

func TestBreakerRefused(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]middleware.Circuit{
		"After is -1": {After: -1}, "CoolDown is -1ns": {CoolDown: -1}, "MaxCoolDown is -1ns": {MaxCoolDown: -1},
		"less than CoolDown": {CoolDown: 2, MaxCoolDown: 1}, "without a CoolDown": {MaxCoolDown: 1},
	} {
		fn := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }), middleware.Breaker(c))
		assert.Error(t, fn.Err(), "middleware: Breaker", want)
	}
}

// Against a reference: random batches of records that come again and again, one record at a time.
func TestBreakerModel(t *testing.T) {
	t.Parallel()
	base := rand.Uint64()
	for i := range uint64(200) {
		seed := base + i
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			after, coolDown := 1+rng.IntN(4), time.Duration(rng.IntN(3))*10*time.Second
			d := &dependency{answers: map[string]error{"down": errDown, "stock": errStock, "permanent": weir.Permanent(errDown)}}
			fn := weir.SQS(weir.EachMessage(d.handle), weir.ReportAll(), middleware.Breaker(middleware.Circuit{After: after, CoolDown: coolDown}))
			class, n, open, until := "", 0, false, time.Time{}
			counted, vain := map[string]bool{}, map[string]bool{}
			for range 20 {
				if coolDown == 0 {
					class, n, open = "", 0, false
				}
				var text, want []string
				var records []any
				for _, k := range rng.Perm(9)[:rng.IntN(8)] {
					word, id := []string{"ok", "down", "stock", "permanent", "down", "stock"}[rng.IntN(6)], fmt.Sprint(k)
					text, records = append(text, word+" "+id), append(records, weirtest.Record{Value: word + " " + id, ID: id})
					if open && (coolDown == 0 || time.Now().Before(until)) {
						continue
					}
					want = append(want, word+" "+id)
					own := word == "stock"
					switch {
					case word == "permanent":
					case word == "ok":
						if open {
							clear(vain)
						}
						class, n, open = "", 0, false
					case open && own && vain[id]: // its own fault, so that nothing is known of others
						class, n, open = "", 0, false
					case open:
						class, n, until = word, n+1, time.Now().Add(coolDown)
						vain[id] = vain[id] || own
					case own && vain[id]:
					default:
						if word != class {
							class, n = word, 0
						}
						if n == 0 {
							clear(counted)
						}
						if own && counted[id] {
							break
						}
						counted[id] = own
						if n++; n >= after {
							open, until = true, time.Now().Add(coolDown)
						}
					}
				}
				weirtest.Run(t.Context(), fn, weirtest.SQS(records...))
				if got := d.calls(); got != strings.Join(want, ",") {
					t.Fatalf("seed %d: of %v, %s were run, want %v", seed, text, got, want)
				}
				time.Sleep(time.Duration(rng.IntN(8)) * time.Second)
			}
		})
	}
}
