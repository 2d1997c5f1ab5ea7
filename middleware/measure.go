package middleware

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/arn"
	"github.com/weir-go/weir/metrics"
)

// Measurement is what became of a batch: what its Summary says, and what that does not.
type Measurement struct {
	weir.Summary

	// Undecodable is how many records could not be decoded, whether they failed or were dropped
	// for it: they are counted there too.
	Undecodable int

	// DeadlineAborted says that the Lambda deadline came too near for some of the records.
	DeadlineAborted bool
}

// SourceName is a short name for the source: of the queue, stream, table, or Kafka cluster. It is the
// whole of Source where that is no ARN of those.
func (m Measurement) SourceName() string {
	if _, name := arn.Split(m.Source); name != "" {
		return name
	}
	return m.Source
}

// Measure writes CloudWatch metrics of each batch in the embedded metric format, one line a batch:
//
//	Records          records in the batch
//	Processed        done by their handler
//	Failed           to be retried
//	Skipped          not run, or not finished: retried too
//	Dropped          given up
//	Undecodable      of the failed and the dropped, those that could not be decoded
//	DeadlineAborted  1 if the deadline came too near for some of the records, else 0
//	OldestAge        of the oldest record when the batch began, where the source says
//	HighestAttempt   the highest receive count, of SQS
//	Duration         of the invocation, until the line is written
//
// OldestAge and Duration are in milliseconds, unless metrics.TimeUnit says otherwise; the others
// are counts. The first dimension is Source, a Measurement's SourceName; metrics.Dimension adds others,
// such as the function's name, or replaces it. The request id stands beside them as requestId.
//
//	middleware.Measure(metrics.Namespace("Shop"), metrics.Dimension("Service", "orders"))
//
// An output that fails is no reason to fail a batch: the line is lost. So it is when there is no
// time left before the deadline, or the process dies. A record that is delivered again is counted
// again.
func Measure(opts ...metrics.EMFOption) weir.Option {
	emf, err := metrics.NewEMF(opts...)
	if err != nil {
		return weir.Refuse(fmt.Errorf("middleware: Measure: %w", err))
	}
	return MeasureWith(func(_ context.Context, m Measurement) {
		points := []metrics.Point{
			metrics.Count("Records", m.Records), metrics.Count("Processed", m.Succeeded), metrics.Count("Failed", m.Failed),
			metrics.Count("Skipped", m.Skipped), metrics.Count("Dropped", m.Dropped), metrics.Count("Undecodable", m.Undecodable),
			metrics.Count("DeadlineAborted", oneIf(m.DeadlineAborted)), metrics.Time("Duration", m.Duration),
		}
		if m.OldestAge > 0 {
			points = append(points, metrics.Time("OldestAge", m.OldestAge))
		}
		if m.HighestAttempt > 0 {
			points = append(points, metrics.Count("HighestAttempt", m.HighestAttempt))
		}
		var about []metrics.Property
		if m.RequestID != "" {
			about = []metrics.Property{{Name: "requestId", Value: m.RequestID}}
		}
		_ = emf.Document("Source", m.SourceName(), points, about...)
	})
}

func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// MeasureWith hands the measurement of each batch to a function, such as one that adds to counters of
// Prometheus. It is called once a batch, within the invocation and before its answer; under
// concurrent invocations, from several goroutines at a time. A Summary's Err has the records that
// are not done.
func MeasureWith(sink func(ctx context.Context, m Measurement)) weir.Option {
	if sink == nil {
		return weir.Refuse(errors.New("middleware: MeasureWith: the function is nil"))
	}
	return weir.Observe(&measurer{sink})
}

type measurer struct {
	sink func(context.Context, Measurement)
}

// measured is what a batch's records say before its end. Each measurer has its own in the context.
type measured struct {
	mu        sync.Mutex
	undecoded map[string]bool // identifiers of dropped records
	nameless  int             // that have none
}

// BatchContext implements weir.BatchContextObserver.
func (o *measurer) BatchContext(ctx context.Context, _ iter.Seq[*weir.Message]) context.Context {
	return context.WithValue(ctx, o, &measured{})
}

// RecordDropped implements weir.RecordDroppedObserver.
func (o *measurer) RecordDropped(ctx context.Context, m *weir.Message, err error) error {
	if c, ok := ctx.Value(o).(*measured); ok && errorIs(err, weir.ErrUndecodable) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch {
		case m.ID == "":
			c.nameless++
			return nil
		case c.undecoded == nil:
			c.undecoded = map[string]bool{}
		}
		c.undecoded[m.ID] = true
	}
	return nil
}

// BatchEnded implements weir.BatchEndedObserver.
func (o *measurer) BatchEnded(ctx context.Context, s weir.Summary) {
	m := Measurement{Summary: s}
	seen := map[string]bool{}
	if c, ok := ctx.Value(o).(*measured); ok {
		c.mu.Lock()
		for id := range c.undecoded {
			seen[id] = true
		}
		m.Undecodable = len(seen) + c.nameless // several parts of one record are one
		c.mu.Unlock()
	}
	if s.Err != nil {
		for _, r := range s.Err.Records {
			if errorIs(r.Err, weir.ErrUndecodable) && !seen[r.ID] {
				m.Undecodable++
			}
			m.DeadlineAborted = m.DeadlineAborted || errorIs(r.Err, weir.ErrDeadlineNear)
		}
	}
	o.sink(ctx, m)
}

// errorIs is errors.Is for errors whose own methods may panic.
func errorIs(err, target error) (yes bool) {
	defer func() { _ = recover() }()
	return errors.Is(err, target)
}
