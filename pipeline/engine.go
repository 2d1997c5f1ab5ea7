package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/state"
)

// engine is a pipeline in use: whatever drives it, apply merges its batches.
type engine[T, V any] struct {
	p       *Pipeline[T, V]
	m       monoid.Monoid[V]
	inPlace monoid.Accumulator[V] // nil if m cannot
	adds    monoid.Additive[V]    // nil if m or the store cannot
	ordered bool
	caps    state.Caps
	dec     *weir.Decoder[T]
	retry   Retry
	keep    time.Duration
	breaker breaker
	meta    atomic.Pointer[meta]
	pool    sync.Pool // of *batch[V]

	metrics  metrics.Recorder
	measured bool // whether the clock has to be read
	names    struct{ retry, skip, dead string }
}

func newEngine[T, V any](p *Pipeline[T, V]) *engine[T, V] {
	e := &engine[T, V]{p: p, m: p.Aggregate, caps: p.StoreIn.Caps(), retry: p.Retry.withDefaults(), keep: p.Receipts.Keep, metrics: p.Metrics}
	e.inPlace, _ = p.Aggregate.(monoid.Accumulator[V])
	if e.caps.Adds || e.caps.OnlyAdds {
		e.adds, _ = p.Aggregate.(monoid.Additive[V])
	}
	_, e.ordered = p.Aggregate.(monoid.Ordered)
	if p.Decode == nil {
		e.dec = weir.NewDecoder[T]()
	} else {
		e.dec = weir.NewDecoder(weir.Decode(p.Decode))
	}
	if e.keep == 0 {
		e.keep = DefaultKeep
	}
	if e.metrics == nil {
		e.metrics = metrics.Noop{}
	}
	e.measured = metrics.Enabled(e.metrics)
	e.names.retry, e.names.skip, e.names.dead = p.Name+":retry", p.Name+":dedup_skip", p.Name+":dead_letter"
	return e
}

func (e *engine[T, V]) now() time.Time {
	if e.p.Now != nil {
		return e.p.Now()
	}
	return time.Now()
}

func (e *engine[T, V]) decode(m *weir.Message) (T, error) { return e.dec.Decode(m) }

func (e *engine[T, V]) batch() *batch[V] {
	if b, ok := e.pool.Get().(*batch[V]); ok {
		return b
	}
	return newBatch[V]()
}

func (e *engine[T, V]) done(b *batch[V]) {
	b.reset()
	e.pool.Put(b)
}

// process merges a batch of messages and decides them.
func (e *engine[T, V]) process(ctx context.Context, w *weir.Work) {
	var begin time.Time
	if e.measured {
		begin = time.Now()
	}
	b := e.batch()
	defer e.done(b)
	if err := e.open(ctx); err != nil {
		w.Decide(ctx, func(int, *weir.Message) error { return weir.Unavailable(err) })
		b.counts.failed = w.Len()
		e.report(b, w.Len(), begin, err)
		return
	}
	e.prepare(ctx, b, w)
	e.apply(ctx, b)
	b.settle(w.Len())
	w.Decide(ctx, func(i int, _ *weir.Message) error { return b.outcomes[i] })
	e.report(b, w.Len(), begin, nil)
	if b.expired > 0 { // observers know, but there may be none, and a wrong unit of time would lose everything
		slog.LogAttrs(ctx, slog.LevelWarn, "pipeline: records dropped: their windows are no longer kept", slog.String("pipeline", e.p.Name),
			slog.Int("records", b.expired), slog.Duration("retention", e.p.Window.Retention))
	}
}

// open makes sure that the pipeline's meta is known, within the retries of a batch.
func (e *engine[T, V]) open(ctx context.Context) error {
	for failures := 1; e.meta.Load() == nil; failures++ {
		if err := e.breaker.allow(); err != nil {
			return err
		}
		_, err := e.opened(ctx, true)
		if err == nil {
			e.breaker.succeeded()
			return nil
		}
		if errors.Is(err, ErrOtherPipeline) || errors.Is(err, state.ErrRefused) {
			return err
		}
		e.breaker.failed(err)
		if failures >= e.retry.Attempts {
			return fmt.Errorf("pipeline %q: open: %w", e.p.Name, err)
		}
		if stopped := e.retry.pause(ctx, failures); stopped != nil {
			return errors.Join(stopped, err)
		}
	}
	return nil
}

// settle makes an outcome for each of n messages of the records they were made into.
func (b *batch[V]) settle(n int) {
	b.outcomes = append(b.outcomes, make([]error, n)...)
	for i := range b.recs {
		r := &b.recs[i]
		end := r
		for end.standing == twin {
			end = &b.recs[end.twin]
		}
		switch {
		case end.standing == failed:
			b.counts.failed++
			if at := &b.outcomes[r.owner]; *at == nil {
				*at = end.err
			} else {
				*at = errors.Join(*at, end.err)
			}
		case r.standing == merged:
			b.counts.merged++
		default:
			b.counts.duplicates++
		}
	}
}

func (e *engine[T, V]) report(b *batch[V], records int, begin time.Time, err error) {
	if !e.measured {
		return
	}
	c := b.counts
	if n := c.merged + c.duplicates; n > 0 {
		e.metrics.Events(e.p.Name, n)
	}
	if c.duplicates > 0 {
		e.metrics.Events(e.names.skip, c.duplicates)
	}
	if c.failed > 0 {
		for i := range b.recs {
			if b.recs[i].standing == failed {
				err = b.recs[i].err
				break
			}
		}
		e.metrics.Errors(e.p.Name, c.failed, err)
		e.metrics.Events(e.names.dead, c.failed)
	}
	e.metrics.Batch(e.p.Name, records, time.Since(begin))
	if f, ok := e.metrics.(metrics.Flusher); ok {
		if err := f.Flush(); err != nil {
			e.metrics.Errors(e.p.Name, 0, err)
		}
	}
}

func (e *engine[T, V]) load(ctx context.Context, keys []state.Key, consistent bool) ([]state.Row, error) {
	if e.measured {
		defer func(begin time.Time) { e.metrics.Latency(e.p.Name, "load", time.Since(begin)) }(time.Now())
	}
	rows, err := e.p.StoreIn.Load(ctx, e.p.Name, keys, consistent)
	if err != nil {
		return nil, fmt.Errorf("pipeline %q: load %d rows: %w", e.p.Name, len(keys), err)
	}
	if len(rows) != len(keys) {
		return nil, fmt.Errorf("pipeline %q: the store returned %d rows for %d keys", e.p.Name, len(rows), len(keys))
	}
	return rows, nil
}

func (e *engine[T, V]) commit(ctx context.Context, writes []state.Write) error {
	if e.measured {
		defer func(begin time.Time) { e.metrics.Latency(e.p.Name, "commit", time.Since(begin)) }(time.Now())
	}
	if err := e.p.StoreIn.Commit(ctx, e.p.Name, writes); err != nil {
		return &commitError{e.p.Name, len(writes), err}
	}
	return nil
}

// commitError is the error of a commit, after which nobody knows whether it was applied unless its
// cause says so.
type commitError struct {
	pipeline string
	rows     int
	err      error
}

func (c *commitError) Error() string {
	return fmt.Sprintf("pipeline %q: commit %d rows: %v", c.pipeline, c.rows, c.err)
}

func (c *commitError) Unwrap() error { return c.err }
