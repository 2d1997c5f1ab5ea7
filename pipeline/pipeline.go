// Package pipeline aggregates records into a store, exactly once.
//
// A Pipeline says what is counted under which key. It is a verb, so it stands where weir.Each
// would:
//
//	var departures = &pipeline.Pipeline[Flight, int64]{
//		Name:      "departures",
//		Key:       func(f Flight) string { return f.Origin },
//		Value:     func(Flight) int64 { return 1 },
//		Aggregate: monoid.Count(),
//		Window:    pipeline.Daily(0),
//		Time:      func(f Flight) time.Time { return f.Departed },
//		StoreIn:   store,
//	}
//
//	func main() { lambda.Start(weir.Kinesis(departures)) }
//
// and it reads back what it wrote: departures.Get(ctx, "ORD").
//
// # The promise
//
// Whatever is delivered, redelivered, batched anew, processed twice at the same time, retried
// inside an SDK, answered into the void or killed: each distinct record is in the aggregates of
// its keys at most once, and exactly once if any delivery of it was answered as done; in all
// of its aggregates or in none.
//
// The mechanism is a receipt: the identifiers of the records are committed together with what
// they add, or not at all. Before a batch is merged its receipts are read, and what they hold
// is left out. Receipts are filed by what no delivery changes: the source, its shard and the
// time of arrival, or ID and Time where ID is set. They are kept for Receipts.Keep, which must
// be longer than a record can be redelivered.
//
// # Caveats
//
//   - What SQS redrives from a dead-letter queue may come back under a new message ID. Set ID where
//     that happens, where producers send twice, or where one event comes by two ways.
//   - On streams, a record that always fails and comes first in its batch lets Lambda make no progress:
//     see weir.Kinesis, and take weir.StopOnFailure with BisectBatchOnFunctionError.
//   - A record whose deliveries were all answered as failed may be in the aggregates or not, if
//     the store's answer was lost. Its next delivery settles it.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/state"
)

// Pipeline turns records of type T into aggregates of type V. Use it by pointer and do not
// change it once it is in use; it is safe for concurrent use.
type Pipeline[T, V any] struct {
	// Name tells the pipeline's data from that of others in the same store. Required. A change
	// of what is aggregated needs a new Name. It must not contain a colon.
	Name string

	// Key says which aggregate a record belongs to, Keys which ones, each counted once; a record
	// without keys is done. One of both is required. A key has at most state.MaxName bytes, and a
	// record at most as many keys as the store commits rows at once, less one: 99 in DynamoDB. What
	// exceeds that is undecodable.
	Key  func(T) string
	Keys func(T) []string

	// Value is what a record adds. Required.
	Value func(T) V

	// Aggregate says how values combine. Required.
	Aggregate monoid.Monoid[V]

	// Window cuts time into windows with aggregates of their own. The zero Window is none.
	Window Window

	// Time is when the event took place. By default the record's time of arrival counts, and the
	// clock where the source does not say.
	Time func(T) time.Time

	// ID identifies an event, whatever way it comes: two records with the same ID are one, also from
	// two sources, as long as Time says the same of both. (Receipts are filed by slots of five seconds
	// of it: events that share an ID count once within a slot, and apart from each other otherwise.)
	// By default a record is what its source says: the sequence number, the message ID.
	//
	// A batch whose Times lie far apart has a receipt for each: on DynamoDB two write units a
	// record, and more than one transaction.
	ID func(T) string

	// MaxTotal bounds the memory, in bytes, that the user records in aggregates of the Kinesis Producer
	// Library may take together in a batch, 512 each beside their payloads. By default it is
	// DefaultMaxTotal, 131,072 of them. An aggregate for which there is no room fails with ErrNoRoom and
	// comes back in another batch; one that comes to more by itself is undecodable.
	MaxTotal int64

	// StoreIn keeps the aggregates and the receipts. Required.
	StoreIn state.Store

	// Decode decodes a payload. By default T decides, as in weir.Each.
	Decode func(payload []byte) (T, error)

	// Retry is for when the store fails. The zero Retry has good defaults.
	Retry Retry

	// Receipts says how long records are remembered. The zero Receipts has a good default.
	Receipts Receipts

	// Dedup is required by stores that cannot commit receipts together with aggregates, see
	// state.Caps. With others it is asked first, and the receipts decide.
	Dedup state.Deduper

	// Metrics are counts of records: done under Name, and under Name with a suffix: ":retry" for
	// each that is tried once more, ":dedup_skip" for those that were in already, ":dead_letter"
	// for those that failed in the pipeline, and were given back or dropped. A FIFO queue gets back more than
	// that: what stands behind a failed one is merged, and comes again. The default records nothing.
	Metrics metrics.Recorder

	// Now is the clock that stands in where a record has no time. The default is time.Now.
	Now func() time.Time

	once   sync.Once
	engine *engine[T, V]
	err    error
}

// Validate says what is missing or contradictory, nil if nothing is.
func (p *Pipeline[T, V]) Validate() error {
	if p == nil {
		return errors.New("pipeline: nil Pipeline")
	}
	p.once.Do(p.compile)
	return p.err
}

// Build returns the pipeline, or what Validate finds.
func (p *Pipeline[T, V]) Build() (*Pipeline[T, V], error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return p, nil
}

// Clone returns a copy that is not in use yet, to be changed: another store for a test, say.
func (p *Pipeline[T, V]) Clone() *Pipeline[T, V] {
	return &Pipeline[T, V]{
		Name: p.Name, Key: p.Key, Keys: p.Keys, Value: p.Value, Aggregate: p.Aggregate, Window: p.Window,
		Time: p.Time, ID: p.ID, StoreIn: p.StoreIn, Decode: p.Decode, MaxTotal: p.MaxTotal, Retry: p.Retry, Receipts: p.Receipts,
		Dedup: p.Dedup, Metrics: p.Metrics, Now: p.Now,
	}
}

// maxPipeline bounds names, since they are part of every key.
const maxPipeline = 200

func (p *Pipeline[T, V]) compile() {
	var errs []error
	complain := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	complain(p.Name == "", "Name is missing")
	complain(strings.Contains(p.Name, ":"), "Name has a colon, which sets suffixes of metrics apart")
	complain(len(p.Name) > maxPipeline, "Name has %d bytes, more than %d", len(p.Name), maxPipeline)
	complain(p.Key == nil && p.Keys == nil, "Key is missing (or Keys)")
	complain(p.Key != nil && p.Keys != nil, "both Key and Keys are set: give one")
	complain(p.Value == nil, "Value is missing")
	complain(p.Aggregate == nil, "Aggregate is missing")
	complain(p.StoreIn == nil, "StoreIn is missing")
	complain(p.ID != nil && p.Time == nil, "ID needs Time: the arrival differs from delivery to delivery of one event")
	complain(p.Retry.Attempts < 0 || p.Retry.Base < 0 || p.Retry.Max < 0, "Retry: nothing in it may be negative")
	complain(p.Retry.Max > 0 && p.Retry.Base > p.Retry.Max, "Retry: Base %v is more than Max %v", p.Retry.Base, p.Retry.Max)
	complain(p.MaxTotal < 0, "MaxTotal is negative")
	complain(p.Receipts.Keep < 0, "Receipts: Keep is negative")
	if err := p.Window.check(); err != nil {
		errs = append(errs, err)
	}
	if p.Aggregate != nil && p.StoreIn != nil {
		_, adds := p.Aggregate.(monoid.Additive[V])
		caps := p.StoreIn.Caps()
		err := monoid.Check(p.Aggregate)
		complain(err != nil, "Aggregate: %w", err)
		complain(caps.OnlyAdds && !adds, "StoreIn can only add, and %s is not addition: its values would be wrong", p.Aggregate.Name())
		complain(caps.Atomic == state.PerBatch && caps.MaxRows == 1, "StoreIn commits one row at a time: no room for receipts")
	}
	if len(errs) > 0 {
		p.err = fmt.Errorf("pipeline %q: %w", p.Name, errors.Join(errs...))
		return
	}
	p.engine = newEngine(p)
}

// writable says what is missing to merge records, not only to read.
func (p *Pipeline[T, V]) writable() error {
	if err := p.Validate(); err != nil {
		return err
	}
	if p.engine.caps.Atomic == state.None && p.Dedup == nil {
		return fmt.Errorf("pipeline %q: StoreIn cannot commit a batch as a whole: set Dedup, or records would count twice", p.Name)
	}
	return nil
}

// Check is called when a Lambda is built of the pipeline. With weir.Concurrency, that many
// goroutines decode; merging is one for the batch.
func (p *Pipeline[T, V]) Check(s weir.Setup) error {
	if err := p.writable(); err != nil {
		return err
	}
	if s.RecordTimeout > 0 {
		return errors.New("pipeline: RecordTimeout does not apply: a batch is merged as a whole, within its deadline")
	}
	if len(s.Middleware) > 0 {
		return fmt.Errorf("pipeline: %s: does not apply: a batch is merged as a whole; envelopes (weir.Unwrap) do", strings.Join(s.Middleware, ", "))
	}
	if p.Decode != nil {
		return nil
	}
	return p.engine.dec.Check(s)
}

// Process makes the pipeline a weir.Verb.
func (p *Pipeline[T, V]) Process(ctx context.Context, w *weir.Work) error {
	if err := p.writable(); err != nil {
		return err
	}
	p.engine.process(ctx, w)
	return nil
}
