package kinesis

import (
	"fmt"
	"time"

	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
)

// HandlerOption configures NewHandler.
type HandlerOption func(*handlerConfig)

type handlerConfig struct {
	now           func() time.Time
	onDecodeError func(raw []byte, sequenceNumber, partitionKey string, err error)
	dedup         state.Deduper
	attempts      int
	metrics       metrics.Recorder
	backoff       bool
	base, max     time.Duration
	errs          []error
}

func (c *handlerConfig) refuse(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

// WithClock sets the clock by which records are put into windows, for tests that want
// deterministic ones. It takes the place of the records' arrival times; a Time function of the
// pipeline comes first. Production code should leave it unset.
func WithClock(now func() time.Time) HandlerOption {
	return func(c *handlerConfig) {
		if c.now = now; now == nil {
			c.refuse("WithClock: the clock is nil")
		}
	}
}

func apply[T, V any](p *pipeline.Pipeline[T, V], now func() time.Time) {
	p.Now = now
	if p.Time == nil {
		p.Time = func(T) time.Time { return now() }
	}
}

// WithDecodeErrorCallback sets a function that is called for each record that cannot be decoded,
// also for each user record within an aggregated one. Such records are not delivered again; they
// are counted as errors and dead letters, and logged through slog. Wire the function to a
// dead-letter queue to keep them. A panic in it fails the record.
func WithDecodeErrorCallback(fn func(raw []byte, sequenceNumber, partitionKey string, err error)) HandlerOption {
	return func(c *handlerConfig) {
		if c.onDecodeError = fn; fn == nil {
			c.refuse("WithDecodeErrorCallback: the function is nil")
		}
	}
}

// WithDedup sets a Deduper. Each record's "<event source ARN>/<sequence number>" is claimed
// before the merge and confirmed after it; what was confirmed before is skipped and counts as
// processed. It is required with stores that cannot commit receipts, and needless with others.
func WithDedup(d state.Deduper) HandlerOption {
	return func(c *handlerConfig) {
		if c.dedup = d; d == nil {
			c.refuse("WithDedup: the Deduper is nil")
		}
	}
}

// WithMaxAttempts sets how often a batch may fail in its store, 3 by default, before its records are
// reported and Lambda delivers them again. 1 does not retry.
func WithMaxAttempts(n int) HandlerOption {
	return func(c *handlerConfig) {
		if c.attempts = n; n < 1 {
			c.refuse("WithMaxAttempts(%d): at least 1", n)
		}
	}
}

// WithMetrics sets a Recorder; the default is metrics.Noop{}. Records are counted under the
// pipeline's Name, retries under "<name>:retry", those skipped as duplicates under
// "<name>:dedup_skip", and those given back as failed or dropped as undecodable under
// "<name>:dead_letter".
func WithMetrics(r metrics.Recorder) HandlerOption {
	return func(c *handlerConfig) {
		if c.metrics = r; r == nil {
			c.refuse("WithMetrics: the Recorder is nil")
		}
	}
}

// WithRetryBackoff sets the pauses between attempts: a random time up to base, doubled after each
// failure, at most max ("full jitter"). The default is 50 ms and 5 s. Pauses count against the
// Lambda timeout.
func WithRetryBackoff(base, max time.Duration) HandlerOption {
	return func(c *handlerConfig) {
		c.backoff, c.base, c.max = true, base, max
		if base <= 0 || max < base {
			c.refuse("WithRetryBackoff(%v, %v): want 0 < base <= max", base, max)
		}
	}
}
