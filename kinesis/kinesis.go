// Package kinesis hosts a pipeline behind an AWS Lambda Kinesis trigger.
//
//	func main() {
//		pipe := buildPipeline() // shared with the Kafka worker
//		handler, err := kinesis.NewHandler(pipe, kinesis.JSONDecoder[Event](),
//			kinesis.WithMetrics(rec),
//			kinesis.WithDedup(deduper),
//		)
//		if err != nil { log.Fatal(err) }
//		lambda.Start(handler)
//	}
//
// It is weir.Kinesis over a pipeline with other defaults: what cannot be decoded is dropped and
// the rest goes on, and failures are always reported record by record. Configure the event source
// mapping with FunctionResponseTypes=["ReportBatchItemFailures"].
//
// # What is counted once
//
// A store that commits receipts together with aggregates (all of weir's do) keeps each record
// from counting twice by itself, and needs no Deduper. WithDedup is for stores that cannot. Its
// claims are pending until the merge is durable: a merge that fails, or a process that dies,
// loses nothing.
//
// # Limits
//
// Lambda's limits apply: 6 MB and 10,000 records a batch, 15 minutes. A batch is merged as a whole,
// within its deadline; what is not merged by then is reported.
package kinesis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/pipeline"
)

// Handler is what NewHandler returns: pass it to lambda.Start.
type Handler = *weir.Lambda

// NewHandler makes a Lambda function that drives a pipeline from a Kinesis trigger. The decoder
// takes the place of the pipeline's own Decode; the pipeline itself is left as it is.
//
// It returns an error if the pipeline is incomplete (pipeline.Validate says what is missing), the
// decoder is nil, or an option makes no sense.
func NewHandler[T, V any](p *pipeline.Pipeline[T, V], decode Decoder[T], opts ...HandlerOption) (Handler, error) {
	if p == nil {
		return nil, errors.New("kinesis: NewHandler: the pipeline is nil")
	}
	if decode == nil {
		return nil, errors.New("kinesis: NewHandler: the decoder is nil: give kinesis.JSONDecoder[T](), or one of your own")
	}
	var c handlerConfig
	for i, o := range opts {
		if o == nil {
			return nil, fmt.Errorf("kinesis: NewHandler: option %d is nil", i)
		}
		o(&c)
	}
	if len(c.errs) > 0 {
		return nil, fmt.Errorf("kinesis: NewHandler: %w", errors.Join(c.errs...))
	}
	if err := p.Validate(); err != nil { // before a clock could hide that ID needs Time
		return nil, fmt.Errorf("kinesis: NewHandler: %w", err)
	}
	q := p.Clone()
	q.Decode = decode
	if c.attempts > 0 {
		q.Retry.Attempts = c.attempts
	}
	if c.backoff {
		q.Retry.Base, q.Retry.Max = c.base, c.max
	}
	if c.dedup != nil {
		q.Dedup = c.dedup
	}
	if c.metrics != nil {
		q.Metrics = c.metrics
	}
	if c.now != nil {
		apply(q, c.now)
	}
	l := weir.Kinesis(q, weir.ReportAll(), weir.OnUndecodable(c.drop))
	if err := l.Err(); err != nil {
		return nil, fmt.Errorf("kinesis: NewHandler: %w", err)
	}
	return l, nil
}

// drop gives up what cannot be decoded: it would come back the same.
func (c *handlerConfig) drop(ctx context.Context, m *weir.Message, err error) error {
	for _, e := range each(err) {
		var user *pipeline.UserRecordError
		var drop *weir.DropError
		if errors.As(e, &drop) {
			continue // it was decoded, and given up for another reason
		}
		if raw, key := m.Payload, m.OrderingKey; errors.As(e, &user) {
			c.tell(ctx, user.Data, m.ID, user.PartitionKey, user.Err)
		} else {
			c.tell(ctx, raw, m.ID, key, e)
		}
	}
	return nil
}

// each takes the errors of several user records apart.
func each(err error) (all []error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	for _, e := range joined.Unwrap() {
		all = append(all, each(e)...)
	}
	return all
}

func (c *handlerConfig) tell(ctx context.Context, raw []byte, sequenceNumber, partitionKey string, err error) {
	var u *weir.UndecodableError
	if errors.As(err, &u) && u.Err != nil {
		err = u.Err
	}
	slog.LogAttrs(ctx, slog.LevelWarn, "kinesis: record dropped: it cannot be decoded", slog.String("sequence_number", sequenceNumber),
		slog.String("partition_key", partitionKey), slog.Int("bytes", len(raw)), slog.Any("error", err))
	if c.onDecodeError != nil {
		c.onDecodeError(raw, sequenceNumber, partitionKey, err)
	}
}
