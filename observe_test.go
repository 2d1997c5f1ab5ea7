package weir_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

// diary notes what it observes, and fails or dies where told.
type diary struct {
	mu    sync.Mutex // a late handler's records are observed from its own goroutine
	lines []string
	trip  map[string]func() error
	sum   weir.Summary
}

func (d *diary) note(what, id string) error {
	d.mu.Lock()
	d.lines = append(d.lines, strings.TrimSpace(what+" "+id))
	d.mu.Unlock()
	if f := d.trip[what+" "+id]; f != nil {
		return f()
	}
	return nil
}

func (d *diary) RecordStarted(_ context.Context, m *weir.Message) { _ = d.note("started", m.ID) }

func (d *diary) RecordSucceeded(ctx context.Context, m *weir.Message) error {
	if from, ok := weir.FromContext(ctx); !ok || from != m {
		return errors.New("wrong message in the context")
	}
	return d.note("succeeded", m.ID)
}

func (d *diary) RecordDropped(_ context.Context, m *weir.Message, err error) error {
	return d.note("dropped", m.ID)
}

func (d *diary) RecordFailed(_ context.Context, m *weir.Message, err error) error {
	return d.note("failed", m.ID)
}

func (d *diary) RecordSkipped(_ context.Context, m *weir.Message, err error) error {
	return d.note("skipped", m.ID)
}

func (d *diary) BatchStarted(_ context.Context, n int) { _ = d.note("batch of", fmt.Sprint(n)) }

func (d *diary) BatchEnded(_ context.Context, s weir.Summary) {
	d.sum = s
	_ = d.note("ended", "")
}

// byBody does what the payload says.
func byBody(_ context.Context, body string) error {
	switch body {
	case "error":
		return errors.New("error")
	case "drop":
		return weir.Drop(errors.New("drop"))
	case "abort":
		return weir.Abort(errors.New("abort"))
	}
	return nil
}

func TestObservers(t *testing.T) {
	t.Parallel()
	for name, verb := range map[string]weir.Verb{
		"each": weir.Each(byBody),
		"batch": weir.Batch(func(ctx context.Context, b *weir.BatchOf[string]) error {
			for r := range b.All() {
				if err := byBody(ctx, r.Value); err != nil {
					b.Fail(r, err)
				}
			}
			return nil
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d diary
			l := weir.SQS(verb, weir.Observe(&d))
			res := invoke(t, t.Context(), l, sqsEvent(fifoARN, named("ok", "drop", "error", "later", "last")...))
			assert.Equal(t, res.failed, []string{"error", "later", "last"})
			var outcomes []string
			for _, line := range d.lines {
				if !strings.HasPrefix(line, "started") {
					outcomes = append(outcomes, line)
				}
			}
			assert.Equal(t, outcomes, []string{"batch of 5", "succeeded ok", "dropped drop", "failed error", "skipped later", "skipped last", "ended"})
			d.sum.Duration, d.sum.OldestAge = 0, 0
			be := d.sum.Err
			d.sum.Err = nil
			assert.Equal(t, d.sum, weir.Summary{Source: fifoARN, Records: 5, Succeeded: 1, Dropped: 1, Failed: 1, Skipped: 2, HighestAttempt: 1})
			assert.Equal(t, len(be.Records), 3)
		})
	}
}

func TestObserversThatFail(t *testing.T) {
	t.Parallel()
	cause := errors.New("observer's own")
	for how, die := range map[string]func() error{
		"error":  func() error { return cause },
		"panic":  func() error { panic(cause) },
		"goexit": func() error { runtime.Goexit(); return nil },
		"drop":   func() error { return weir.Drop(cause) },
	} {
		for at, want := range map[string]string{
			"started a":    "a failed, drop dropped, error failed, b succeeded",
			"succeeded a":  "a failed, drop dropped, error failed, b succeeded",
			"dropped drop": "a succeeded, drop failed, error failed, b succeeded",
			"failed error": "a succeeded, drop dropped, error failed, b succeeded",
			"ended ":       "a succeeded, drop dropped, error failed, b succeeded",
			"batch of 4":   "a failed, drop failed, error failed, b failed",
		} {
			if (how == "error" || how == "drop") && (strings.HasPrefix(at, "started") || strings.HasPrefix(at, "batch") || strings.HasPrefix(at, "ended")) {
				continue // these have no error to return
			}
			t.Run(how+" at "+at, func(t *testing.T) {
				t.Parallel()
				var log bytes.Buffer
				d := diary{trip: map[string]func() error{at: die}}
				l := weir.Kinesis(weir.Each(byBody), weir.Observe(&d), weir.ReportAll(), weir.Logger(slog.New(slog.NewTextHandler(&log, nil))))
				res := invoke(t, t.Context(), l, kinesisEvent(named("a", "drop", "error", "b")...))
				assert.Equal(t, res.states(), want)
				if strings.HasPrefix(at, "failed") {
					assert.Contains(t, log.String(), "RecordFailed observer failed", "id=error")
				}
			})
		}
	}
}

func TestSkippedObserverThatFailsIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	d := diary{trip: map[string]func() error{"skipped b": func() error { panic("ouch") }}}
	l := weir.Kinesis(weir.Each(byBody), weir.StopOnFailure(), weir.Observe(&d), weir.ReportAll(), weir.Logger(slog.New(slog.NewTextHandler(&log, nil))))
	res := invoke(t, t.Context(), l, kinesisEvent(named("error", "b", "c")...))
	assert.Equal(t, res.states(), "error failed, b skipped, c skipped")
	assert.Contains(t, log.String(), "RecordSkipped observer failed", "ouch")
	assert.Equal(t, d.lines[len(d.lines)-2], "skipped c")
}

// loud is a slog handler that dies.
type loud struct{ slog.Handler }

func (loud) Handle(context.Context, slog.Record) error { panic("loud") }

func TestALogHandlerThatPanicsHarmsNobody(t *testing.T) {
	t.Parallel()
	d := diary{trip: map[string]func() error{"failed error": func() error { return errors.New("x") }}}
	l := weir.Kinesis(weir.Each(byBody), weir.Observe(&d), weir.Logger(slog.New(loud{slog.DiscardHandler})))
	res := invoke(t, t.Context(), l, kinesisEvent(named("a", "error")...))
	assert.Equal(t, res.states(), "a succeeded, error failed")
}

func (loud) Enabled(context.Context, slog.Level) bool { return true }

func TestSummaryAges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d diary
		time.Sleep(time.Until(time.UnixMilli(1760000000123)) + 90*time.Second)
		l := weir.SQS(weir.Each(func(context.Context, string) error { time.Sleep(time.Second); return nil }), weir.Observe(&d))
		event := strings.Replace(string(sqsEvent(standardARN, named("a", "b")...)), `Count":"1"`, `Count":"7"`, 1)
		invoke(t, t.Context(), l, []byte(event))
		assert.Equal(t, []any{d.sum.OldestAge, d.sum.HighestAttempt, d.sum.Duration}, []any{90 * time.Second, 7, 2 * time.Second})
	})
}

func TestOptionsThatCannotApplyAreRefused(t *testing.T) {
	t.Parallel()
	each := weir.Each(func(context.Context, string) error { return nil })
	batch := weir.Batch(func(context.Context, *weir.BatchOf[string]) error { return nil })
	change := weir.Each(func(context.Context, weir.Change[tally]) error { return nil })
	item := weir.Each(func(context.Context, tally) error { return nil })
	for want, l := range map[string]*weir.Lambda{
		"Concurrency(0)":               weir.SQS(each, weir.Concurrency(0)),
		"Concurrency does not apply":   weir.SQS(batch, weir.Concurrency(2)),
		"RecordTimeout does not apply": weir.SQS(batch, weir.RecordTimeout(1)),
		"RecordTimeout(0s)":            weir.SQS(each, weir.RecordTimeout(0)),
		"DeadlineReserve(-1s)":         weir.SQS(each, weir.DeadlineReserve(-time.Second)),
		"contradict":                   weir.SQS(each, weir.StopOnFailure(), weir.SkipGroup()),
		"OnUndecodable(nil)":           weir.SQS(each, weir.OnUndecodable(nil)),
		"Observe(int)":                 weir.SQS(each, weir.Observe(3)),
		"Logger(nil)":                  weir.SQS(each, weir.Logger(nil)),
		"option 0 is nil":              weir.SQS(each, nil),
		"Options: option 1 is nil":     weir.Kinesis(each, weir.Options(weir.ReportAll(), nil)),
		"ReportAll does not apply":     weir.From(weir.Source{Name: "x", AllOrNothing: true, Decode: func([]byte) ([]weir.Message, error) { return nil, nil }}, each, weir.ReportAll()),
		"no verb":                      weir.SQS(nil),
		"nil function":                 weir.SQS(weir.Each[string](nil)),
		"SQS records are no":           weir.SQS(change),
		"a DynamoDB record does not":   weir.DynamoDB(item),
		"a Source needs a Name":        weir.From(weir.Source{}, each),
		"KinesisWindow: no verb":       weir.KinesisWindow(nil),
		"Kinesis records are no":       weir.KinesisWindow(weir.Fold(func(_ context.Context, s tally, _ weir.Change[tally]) (tally, error) { return s, nil }, nil)),
	} {
		assert.Error(t, l.Err(), want)
		_, err := l.Invoke(t.Context(), sqsEvent(standardARN, named("a")...))
		assert.Error(t, err, want)
	}
	assert.NoError(t, weir.DynamoDB(change).Err())
}
