package weir

import (
	"context"
	"errors"
	"time"
)

// Lambda is a source, a verb and options made into a Lambda function: hand it to
// lambda.Start of aws-lambda-go, which takes anything with its Invoke. It is safe for
// concurrent use, and no goroutine outlives Invoke but that of a handler which ignores its
// context; see DeadlineReserve.
type Lambda struct {
	src  *Source
	verb Verb
	cfg  *config
	err  error

	// windows takes over when tumbling windows are folded, else it is nil. Being a function,
	// it leaves them out of binaries that have none.
	windows func(l *Lambda, ctx context.Context, event []byte, begin time.Time) ([]byte, error)
}

func build(s *Source, v Verb, c *config) *Lambda {
	if v == nil {
		c.refuse("%s: no verb: give weir.Each(f), weir.EachMessage(f), weir.Batch(f) or a pipeline", s.Name)
	} else if check, ok := v.(Checker); ok {
		if err := check.Check(Setup{Source: s.Name, Concurrency: c.concurrency, RecordTimeout: c.timeout, Middleware: c.names}); err != nil {
			c.fail(err)
		}
	}
	if c.stop && c.skipGroup {
		c.refuse("StopOnFailure and SkipGroup contradict each other: after a failure, nothing or other groups go on")
	}
	return &Lambda{src: s, verb: v, cfg: c, err: c.err}
}

var errNotMade = errors.New("weir: this Lambda was not made by SQS, Kinesis, DynamoDB, Kafka, From or a window")

// Err says what is wrong with the way the Lambda was built, such as an option that cannot
// apply to its verb. Every invocation fails with it, so that nothing is lost; call it where
// you would rather know at the start.
func (l *Lambda) Err() error { return l.err }

// Invoke processes one event and returns the partial batch response
//
//	{"batchItemFailures":[{"itemIdentifier":"..."}]}
//
// (see Kafka for its own) with the records that are not done, in record order, each identifier once. The error is
// for the whole batch: the event is not one of this source, no record was done (a
// *BatchError; see ReportAll), or a failed record has no identifier. Lambda then retries
// every record.
//
// The response must not be modified. The event source mapping must have
// FunctionResponseTypes: [ReportBatchItemFailures]; without it, Lambda takes any response
// for success.
func (l *Lambda) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	if l.err != nil {
		return nil, l.err
	}
	if l.src == nil {
		return nil, errNotMade
	}
	begin := time.Now()
	if l.windows != nil {
		return l.windows(l, ctx, event, begin)
	}
	msgs, err := l.src.Decode(event)
	if err != nil {
		return nil, err
	}
	w := newWork(ctx, l, msgs, event)
	w.verb = l.verb
	defer func() { w.call.release(w.leftBehind) }()
	_ = w.process(w.call.ctx) // what is not decided is skipped
	w.finish(w.call.ctx, begin)
	return w.respond()
}
