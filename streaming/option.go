package streaming

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/backoff"
	"github.com/weir-go/weir/metrics"
)

// Option changes how a worker works.
type Option func(*config)

type config struct {
	name        string
	concurrency int
	records     int // of a batch, 0 for the default of the source's kind
	linger      time.Duration
	turn        time.Duration
	bytes       int
	attempts    int
	backoff     backoff.Exponential
	deadLetter  DeadLetterFunc
	drain       time.Duration
	metrics     metrics.Recorder
	log         *slog.Logger
	handling    []weir.FlowOption
	beside      []func(*Worker) (stop func(), err error)

	errs []error
}

// The defaults.
const (
	DefaultLogRecords   = 1000             // of a batch from a Log
	DefaultQueueRecords = 10               // of a batch from a Queue
	DefaultBytes        = 64 << 20         // InFlight
	DefaultAttempts     = 5                // Attempts
	DefaultTurn         = time.Second      // Turn
	DefaultDrain        = 25 * time.Second // Drain: ECS and Kubernetes kill after 30 s
	DefaultBackoffBase  = 100 * time.Millisecond
	DefaultBackoffMax   = 30 * time.Second
)

func gather(opts []Option) config {
	c := config{
		name: "worker", concurrency: 1, turn: DefaultTurn, bytes: DefaultBytes, attempts: DefaultAttempts,
		backoff: backoff.Exponential{Base: DefaultBackoffBase, Max: DefaultBackoffMax}, drain: DefaultDrain,
		metrics: metrics.Noop{}, log: slog.New(slog.DiscardHandler),
	}
	for i, o := range opts {
		if o == nil {
			c.refuse("option %d is nil", i)
			continue
		}
		o(&c)
	}
	return c
}

func (c *config) refuse(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("streaming: "+format, args...))
}

// Name stands in logs and is what counts are recorded under, see Metrics. The default is
// "worker". A pipeline records under its own name to its own Metrics, so give another.
func Name(name string) Option {
	return func(c *config) {
		if name == "" {
			c.refuse(`Name(""): it takes a name`)
		}
		c.name = name
	}
}

// Concurrency works on up to n batches at a time. Records of a lane never overlap or overtake
// each other: two batches have no lane in common, but for the zero Lane of a Queue. By default n
// is 1, so that a handler that was written for Lambda need not be safe for concurrent use.
func Concurrency(n int) Option {
	return func(c *config) {
		if n < 1 {
			c.refuse("Concurrency(%d): it takes 1 or more", n)
		}
		c.concurrency = n
	}
}

// BatchRecords is how many records a batch has at most: DefaultLogRecords or DefaultQueueRecords
// by default. A pipeline commits once a batch, so more is cheaper. A Queue hands out as many to
// each worker, so with slow handlers fewer spread better.
func BatchRecords(n int) Option {
	return func(c *config) {
		if n < 1 {
			c.refuse("BatchRecords(%d): it takes 1 or more", n)
		}
		c.records = n
	}
}

// Linger is how long a batch that is not full waits for more records. The default is 0: what
// comes while other batches are at work makes the next one.
func Linger(d time.Duration) Option {
	return func(c *config) {
		if d < 0 {
			c.refuse("Linger(%v): it takes 0 or more", d)
		}
		c.linger = d
	}
}

// Turn is how long records of a batch are started, so that what is done is acknowledged soon however
// slow the handler: those left over make another batch. It does not end what is running, and
// does not matter to pipelines, which merge a batch as a whole. It takes a millisecond or more, or
// batches would be over before they begin. The default is DefaultTurn.
func Turn(d time.Duration) Option {
	return func(c *config) {
		if d < time.Millisecond {
			c.refuse("Turn(%v): it takes 1ms or more", d)
		}
		c.turn = d
	}
}

// InFlight bounds the memory of records that were polled and are not done, by their payloads,
// Kafka's keys and headers, and what a record takes beside: the worker polls no more when they take that much, and
// exceeds it by less than one answer of the source. Lanes that wait for a failed record may take as
// much once more, so that others go on. The default is DefaultBytes.
func InFlight(bytes int) Option {
	return func(c *config) {
		if bytes < 1 {
			c.refuse("InFlight(%d): it takes 1 or more", bytes)
		}
		c.bytes = bytes
	}
}

// Attempts is how many times a record is tried before DeadLetter gets it. From a Log
// the worker counts by itself; of a Queue Message.Attempt counts. The default is DefaultAttempts.
//
// Without DeadLetter nothing is given up. A Log's record is tried until it works, and its
// lane waits for it; when the source has ended, Run returns ErrNotDone once Attempts are
// used up. A Queue's record goes back each time, for the queue's own rules to decide. The same
// holds for a record that DeadLetter does not take, by as many attempts of DeadLetter.
//
// What is not the record's fault uses up no attempt, and the record is tried later once more: an Abort, or an
// error with a method Blameless() bool that says so, as that of package once for a record that is at work
// elsewhere. (A queue counts such a delivery all the same.) At the end of a source Run does not
// wait for ever for it either. For a weir.Unavailable the worker waits as long as it takes. Of wrapped errors
// the outermost counts; of joined ones, as those of a record's parts, one that says so is enough.
func Attempts(n int) Option {
	return func(c *config) {
		if n < 1 {
			c.refuse("Attempts(%d): it takes 1 or more", n)
		}
		c.attempts = n
	}
}

// Backoff bounds the pauses between attempts, after failures of the source and while something is
// unavailable: the n-th is a random time between 0 and the lesser of max and base doubled n-1
// times ("full jitter"). A weir.RetryAfter that asks for more gets more. The default is
// DefaultBackoffBase and DefaultBackoffMax.
func Backoff(base, max time.Duration) Option {
	return func(c *config) {
		if base <= 0 || max < base {
			c.refuse("Backoff(%v, %v): it takes a base above 0 and a max that is no less", base, max)
		}
		c.backoff = backoff.Exponential{Base: base, Max: max}
	}
}

// DeadLetterFunc puts a record aside that is given up because of err. The record counts as done
// if it returns nil. Otherwise it is tried again, after a pause. It may be called again for
// the same record, if the worker dies before that is acknowledged.
type DeadLetterFunc func(ctx context.Context, m *weir.Message, err error) error

// DeadLetter gives up records: those that cannot be decoded at once, others after Attempts. By
// default nothing is given up. A record with parts, one of which failed otherwise than by
// being undecodable, has all of its Attempts.
//
// When a hundred in a row were given up, none of which was undecodable, and none succeeded in
// between, the trouble is not theirs: the worker pauses before each further one, as for
// weir.Unavailable.
func DeadLetter(f DeadLetterFunc) Option {
	return func(c *config) {
		if f == nil {
			c.refuse("DeadLetter(nil): leave it out to give up nothing")
		}
		c.deadLetter = f
	}
}

// Drain is how long shutting down may take. Handlers that run may finish; after three quarters
// of the time their contexts end with the cause ErrDraining, and at its end they are left
// behind. Closing the source is part of it, but has a second in any case. The default is
// DefaultDrain.
func Drain(d time.Duration) Option {
	return func(c *config) {
		if d <= 0 {
			c.refuse("Drain(%v): it takes more than 0", d)
		}
		c.drain = d
	}
}

// Metrics records, under Name, records that are done, with errors those that failed, and batches;
// and under Name with a suffix ":retry" each that is tried once more or goes back, and
// ":dead_letter" those that DeadLetter took. The default records nothing.
func Metrics(r metrics.Recorder) Option {
	return func(c *config) {
		if r == nil {
			c.refuse("Metrics(nil): leave it out to record nothing")
			return
		}
		c.metrics = r
	}
}

// Logger logs what needs attention: pauses, records given up, a source that fails. By
// default nothing is logged.
func Logger(l *slog.Logger) Option {
	return func(c *config) {
		if l == nil {
			c.refuse("Logger(nil): leave it out to log nothing")
			return
		}
		c.log = l
	}
}

// Handling gives the verb the options that it would have behind a Lambda: weir.OnUndecodable,
// weir.Observe, weir.RecordTimeout and so on.
func Handling(opts ...weir.FlowOption) Option {
	return func(c *config) { c.handling = append(c.handling, opts...) }
}

// Beside starts something that lives as long as the worker runs, such as a health endpoint. An error
// keeps the worker from starting. What it returns is called when Run is about to return.
func Beside(start func(w *Worker) (stop func(), err error)) Option {
	return func(c *config) {
		if start == nil {
			c.refuse("Beside(nil): it takes a function")
			return
		}
		c.beside = append(c.beside, start)
	}
}

func (c *config) err() error { return errors.Join(c.errs...) }
