package main

import (
	"context"
	_ "embed"
	"io"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/ext/otelweir"
	"github.com/weir-go/weir/ext/s3objects"
	"github.com/weir-go/weir/ext/schemacheck"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/middleware/visibility"
	"github.com/weir-go/weir/state"
)

//go:embed order.schema.json
var orderSchema string

// services are what the functions talk to.
type services struct {
	name    string // of the keys: another one has never charged anything
	bank    *bank
	keys    state.Store
	large   *s3objects.Objects
	letters deadletter.Sink
	metrics io.Writer
	logger  *slog.Logger
	traces  trace.TracerProvider
	counts  *counts
}

// concurrency is how many orders of a batch are charged at a time, if the bank bears it.
const concurrency = 8

// orders is what goes to lambda.Start for the shop's own queue: from a topic, or sent directly.
func (s services) orders(q visibility.Client) *weir.Lambda {
	return weir.SQS(envelope.SNS(weir.Each(s.charge)), s.around(q)...)
}

// partners is the same for the queue of the shop's partners, who send gzip.
func (s services) partners(q visibility.Client) *weir.Lambda {
	return weir.SQS(envelope.Base64(envelope.Gzip(weir.Each(s.charge))), s.around(q)...)
}

// charge is the handler.
func (s services) charge(ctx context.Context, o Order) error {
	err := s.bank.charge(ctx, o)
	if err == nil {
		middleware.Logger(ctx).InfoContext(ctx, "charged", "order", o.ID)
	}
	return err
}

// around is what stands around the handler, so that each order is charged once.
func (s services) around(q visibility.Client) []weir.SQSOption {
	return []weir.SQSOption{
		weir.Concurrency(concurrency),

		// Outermost first. A message whose object was loaded, handled and deleted may be delivered
		// again: SQS does so now and then, and Lambda when the function's answer was lost. So what
		// was done is known by the pointer, outside of Load, which would not find the object any
		// more; only messages with a pointer have such a key.
		otelweir.RecordSpans(),
		once.Use(once.New(s.name+"-objects", s.keys, once.RunWithoutKey()), once.KeyFunc(pointerOf)),
		offload.Load(s.large, offload.Buckets(bucket)),

		// What is no order is refused. What a producer sent twice has two pointers, or came by two
		// queues, and is known by what is in it.
		schemacheck.Check(schemacheck.Text(orderSchema)),
		once.Use(once.New(s.name, s.keys), once.Pointer("/id")),

		// A bank that is down is left alone, what may pass in a moment is tried again, and no more
		// at a time than the bank bears.
		middleware.Breaker(middleware.Circuit{After: 3, OnChange: s.counts.breaker}),
		middleware.Retry(middleware.Retries{Attempts: 3, Base: 2 * time.Millisecond, Max: 20 * time.Millisecond, OnRetry: s.counts.retry}),
		middleware.Adaptive(middleware.Limits{Most: concurrency, OnChange: s.counts.limit}),

		// What was not done comes back later and later, and is put aside when that helps nobody.
		visibility.BackOff(q, visibility.Exponential(time.Second, 4*time.Second)),
		deadletter.To(s.letters, deadletter.Undecodable(), deadletter.Permanent(), deadletter.MaxReceives(6)),
		offload.DeleteAfter(s.large, nil),

		otelweir.Trace(s.traces),
		middleware.Log(s.logger),
		middleware.Measure(metrics.Namespace("Shop"), metrics.Output(s.metrics)),
		weir.Observe(s.counts),
	}
}

// pointerOf makes a key of a message's pointer, and none of any other.
func pointerOf(m *weir.Message) (string, error) {
	p, err := offload.ParsePointer(m.Payload)
	if err != nil {
		return "", nil
	}
	return p.String(), nil
}
