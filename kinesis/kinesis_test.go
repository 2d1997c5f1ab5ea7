package kinesis_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir/internal/kpl"
	"github.com/weir-go/weir/kinesis"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

type Event struct {
	User string
	N    int64
}

func pipe(s state.Store) *pipeline.Pipeline[Event, int64] {
	return &pipeline.Pipeline[Event, int64]{
		Name: "events", Key: func(e Event) string { return e.User }, Value: func(e Event) int64 { return e.N },
		Aggregate: monoid.Sum[int64](), StoreIn: s,
	}
}

func handler(t *testing.T, p *pipeline.Pipeline[Event, int64], opts ...kinesis.HandlerOption) kinesis.Handler {
	t.Helper()
	h, err := kinesis.NewHandler(p, kinesis.JSONDecoder[Event](), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(t *testing.T, p *pipeline.Pipeline[Event, int64], key string, want int64) {
	t.Helper()
	if r, err := p.Get(t.Context(), key); err != nil || r.Value != want {
		t.Errorf("%s: %+v, %v, want %d", key, r, err, want)
	}
}

// plain commits no batch as a whole, and only some of it when told so.
type plain struct {
	*mem.Store
	fail func() error
}

func (p *plain) Caps() state.Caps { return state.Caps{Adds: true} }

func (p *plain) Commit(ctx context.Context, name string, writes []state.Write) error {
	if p.fail != nil && writes[0].Kind == state.Value {
		if err := p.fail(); err != nil {
			return err
		}
	}
	return p.Store.Commit(ctx, name, writes)
}

// spy remembers what was claimed.
type spy struct {
	state.Deduper
	claims, confirmed, released []string
	scopes                      map[string]bool
}

func newSpy() *spy { return &spy{Deduper: mem.NewDeduper(), scopes: map[string]bool{}} }

func (s *spy) Claim(ctx context.Context, scope, token string, ids []string, lease time.Duration) ([]state.Claim, error) {
	s.claims = append(s.claims, ids...)
	s.scopes[scope] = true
	return s.Deduper.Claim(ctx, scope, token, ids, lease)
}

func (s *spy) Confirm(ctx context.Context, scope, token string, ids []string, keep time.Duration) error {
	s.confirmed = append(s.confirmed, ids...)
	return s.Deduper.Confirm(ctx, scope, token, ids, keep)
}

func (s *spy) Release(ctx context.Context, scope, token string, ids []string) error {
	s.released = append(s.released, ids...)
	return s.Deduper.Release(ctx, scope, token, ids)
}

// Decode failures are dropped, told, counted, and the rest goes on.
func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	p, rec := pipe(mem.New()), new(metrics.InMemory)
	var told []string
	h := handler(t, p, kinesis.WithMetrics(rec), kinesis.WithDecodeErrorCallback(func(raw []byte, seq, key string, err error) {
		var syntax *json.SyntaxError
		told = append(told, fmt.Sprintf("%s %s %s %v", raw, seq[len(seq)-2:], key, errors.As(err, &syntax)))
	}))
	aggregate := kpl.Append(nil, []kpl.Record{
		{PartitionKey: "a", Data: []byte(`{"User":"u","N":10}`)},
		{PartitionKey: "b", Data: []byte(`{bad`)},
		{PartitionKey: "c", Data: []byte(`{worse`)},
		{PartitionKey: "d", Data: []byte(`{worst`)},
	})
	event := weirtest.Kinesis(Event{"u", 1}, "{", Event{"u", 2}, aggregate)
	r := weirtest.Run(t.Context(), h, event)
	if r.Err != nil || string(r.Response) != `{"batchItemFailures":[]}` {
		t.Errorf("%s, %v", r.Response, r.Err)
	}
	ids := event.IDs()
	end := func(i int) string { return ids[i][len(ids[i])-2:] }
	want := []string{
		"{ " + end(1) + " key-1 true",
		"{bad " + end(3) + " b true", "{worse " + end(3) + " c true", "{worst " + end(3) + " d true",
	}
	want[0] = strings.Replace(want[0], "key-1", strings.Fields(told[0])[2], 1) // weirtest's own key
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	get(t, p, "u", 13)
	s := rec.Snapshot()
	if s.Events["events"] != 3 || s.Events["events:dead_letter"] != 4 || s.Errors["events"].Count != 4 || s.Batches["events"].Records != 4 {
		t.Errorf("%+v", s)
	}
}

// All failed: the identifiers are reported, not an error.
func TestAlwaysReports(t *testing.T) {
	t.Parallel()
	s := &plain{Store: mem.New(), fail: func() error { return errors.New("down") }}
	rec := new(metrics.InMemory)
	p, d := pipe(s), newSpy()
	h := handler(t, p, kinesis.WithDedup(d), kinesis.WithMaxAttempts(4), kinesis.WithRetryBackoff(1, 1), kinesis.WithMetrics(rec))
	event := weirtest.Kinesis(Event{"u", 1}, Event{"v", 2})
	r := weirtest.Run(t.Context(), h, event)
	if r.Err != nil || !slices.Equal(r.Retried(), event.IDs()) {
		t.Errorf("%v, %v", r.Retried(), r.Err)
	}
	snap := rec.Snapshot()
	if snap.Events["events:retry"] != 6 || snap.Events["events:dead_letter"] != 2 || snap.Events["events"] != 0 {
		t.Errorf("%+v", snap.Events)
	}
}

// The identifiers are "<event source ARN>/<sequence number>", scoped by the pipeline's name.
func TestDedupIdentifiers(t *testing.T) {
	t.Parallel()
	p, d, rec := pipe(&plain{Store: mem.New()}), newSpy(), new(metrics.InMemory)
	h := handler(t, p, kinesis.WithDedup(d), kinesis.WithMetrics(rec))
	event := weirtest.Kinesis(Event{"u", 1}, Event{"v", 2}).From("arn:aws:kinesis:eu-west-1:123:stream/s")
	for range 2 {
		weirtest.Run(t.Context(), h, event)
	}
	want := []string{"arn:aws:kinesis:eu-west-1:123:stream/s/" + event.IDs()[0], "arn:aws:kinesis:eu-west-1:123:stream/s/" + event.IDs()[1]}
	if !slices.Equal(d.claims, append(want, want...)) || !slices.Equal(d.confirmed, want) || len(d.released) > 0 || len(d.scopes) != 1 || !d.scopes["events"] {
		t.Errorf("%+v", d)
	}
	get(t, p, "u", 1)
	s := rec.Snapshot()
	if s.Events["events"] != 4 || s.Events["events:dedup_skip"] != 2 {
		t.Errorf("%+v", s.Events)
	}
}

// A claim whose merge failed is pending, not done: the redelivery merges. With a store that has no
// transactions the claims wait for their lease where nobody knows whether the merge was applied.
func TestF01_ClaimIsPendingUntilMerged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := true
		s := &plain{Store: mem.New(), fail: func() error {
			if broken {
				return errors.New("down")
			}
			return nil
		}}
		p := pipe(s)
		h := handler(t, p, kinesis.WithDedup(mem.NewDeduper()), kinesis.WithMaxAttempts(1))
		event := weirtest.Kinesis(Event{"u", 1}, Event{"u", 2})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if r := weirtest.Run(ctx, h, event); len(r.Retried()) != 2 {
			t.Errorf("retried %v", r.Retried())
		}
		broken = false
		r := weirtest.Run(ctx, h, event)
		if len(r.Retried()) != 2 || !errors.Is(r.Records[0].Err, pipeline.ErrBusy) {
			t.Errorf("while the claim is pending: %+v", r.Records)
		}
		time.Sleep(2 * time.Minute)
		for range 2 {
			if r := weirtest.Run(t.Context(), h, event); len(r.Retried()) != 0 {
				t.Errorf("after the lease: retried %v", r.Retried())
			}
		}
		get(t, p, "u", 3)
	})
}

// With a store that commits receipts, a pending claim keeps nobody waiting.
func TestF01_ReceiptsDecide(t *testing.T) {
	t.Parallel()
	s, d := mem.New(), mem.NewDeduper()
	event := weirtest.Kinesis(Event{"u", 1}, Event{"u", 2})
	var ids []string
	for _, id := range event.IDs() {
		ids = append(ids, "arn:aws:kinesis:eu-west-1:123:stream/s/"+id)
	}
	if _, err := d.Claim(t.Context(), "events", "a process that died", ids, time.Hour); err != nil {
		t.Fatal(err)
	}
	p := pipe(s)
	h := handler(t, p, kinesis.WithDedup(d))
	for range 2 {
		if r := weirtest.Run(t.Context(), h, event.From("arn:aws:kinesis:eu-west-1:123:stream/s")); len(r.Retried()) != 0 {
			t.Errorf("retried %v", r.Retried())
		}
	}
	get(t, p, "u", 3)
}

// The clock decides the window.
func TestClock(t *testing.T) {
	t.Parallel()
	p := pipe(mem.New())
	p.Window = pipeline.Daily(0)
	day := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	h := handler(t, p, kinesis.WithClock(func() time.Time { return day }))
	weirtest.Run(t.Context(), h, weirtest.Kinesis(Event{"u", 1}))
	r, err := p.Range(t.Context(), "u", day, day.Add(1))
	if err != nil || r.Value != 1 || !r.From.Equal(day.Truncate(24*time.Hour)) {
		t.Errorf("%+v, %v", r, err)
	}
	if p.Time != nil || p.Decode != nil || p.Now != nil {
		t.Error("the pipeline itself was changed")
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good, dec := pipe(mem.New()), kinesis.JSONDecoder[Event]()
	timeless := pipe(mem.New())
	timeless.ID = func(e Event) string { return e.User }
	incomplete := pipe(nil)
	incomplete.Key = nil
	for name, tt := range map[string]struct {
		p    *pipeline.Pipeline[Event, int64]
		dec  kinesis.Decoder[Event]
		opts []kinesis.HandlerOption
		want string
	}{
		"nil pipeline":   {nil, dec, nil, "pipeline is nil"},
		"incomplete":     {incomplete, dec, nil, "Key is missing"},
		"no store":       {pipe(nil), dec, nil, "StoreIn is missing"},
		"nil decoder":    {good, nil, nil, "decoder is nil"},
		"nil option":     {good, dec, []kinesis.HandlerOption{nil}, "option 0 is nil"},
		"no attempts":    {good, dec, []kinesis.HandlerOption{kinesis.WithMaxAttempts(0)}, "at least 1"},
		"back-off":       {good, dec, []kinesis.HandlerOption{kinesis.WithRetryBackoff(2, 1)}, "base <= max"},
		"nil dedup":      {good, dec, []kinesis.HandlerOption{kinesis.WithDedup(nil)}, "Deduper is nil"},
		"nil metrics":    {good, dec, []kinesis.HandlerOption{kinesis.WithMetrics(nil)}, "Recorder is nil"},
		"nil clock":      {good, dec, []kinesis.HandlerOption{kinesis.WithClock(nil)}, "clock is nil"},
		"ID and clock":   {timeless, dec, []kinesis.HandlerOption{kinesis.WithClock(time.Now)}, "ID needs Time"},
		"nil callback":   {good, dec, []kinesis.HandlerOption{kinesis.WithDecodeErrorCallback(nil)}, "function is nil"},
		"no transaction": {pipe(&plain{Store: mem.New()}), dec, nil, "set Dedup"},
	} {
		if h, err := kinesis.NewHandler(tt.p, tt.dec, tt.opts...); h != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestJSONDecoder(t *testing.T) {
	t.Parallel()
	data := []byte(`{"User":"u","N":3}`)
	v, err := kinesis.JSONDecoder[Event]()(data)
	clear(data)
	if err != nil || v != (Event{"u", 3}) {
		t.Errorf("%+v, %v", v, err)
	}
	if s, err := kinesis.JSONDecoder[string]()([]byte(`"text"`)); s != "text" || err != nil {
		t.Errorf("%q, %v", s, err)
	}
	if _, err := kinesis.JSONDecoder[string]()([]byte(`text`)); err == nil {
		t.Error("a string that is not JSON is taken")
	}
	_, err = kinesis.JSONDecoder[Event]()([]byte(`{"N":"x"}`))
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) || wrong.Field != "N" {
		t.Errorf("%v", err)
	}
}
