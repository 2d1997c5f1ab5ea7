package main

import (
	_ "embed"
	"io"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
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

// services are what the function talks to.
type services struct {
	name    string // of the keys: another one has never charged anything
	bank    *bank
	keys    state.Store
	large   *s3objects.Objects
	letters deadletter.Sink
	queue   visibility.Client
	metrics io.Writer
	counts  *counts
}

// concurrency is how many orders of a batch are charged at a time, if the bank bears it.
const concurrency = 8

// newFunction is what goes to lambda.Start: each order is charged once.
func newFunction(s services) *weir.Lambda {
	return weir.SQS(
		envelope.SNS(weir.Each(s.bank.charge)),
		weir.Concurrency(concurrency),
		// Outermost first. What is large is loaded, what is no order is refused, what was charged is
		// known, a bank that is down is left alone, what may pass in a moment is tried again, and
		// no more at a time than the bank bears.
		offload.Load(s.large, offload.Buckets(bucket)),
		schemacheck.Check(schemacheck.Text(orderSchema)),
		once.Use(once.New(s.name, s.keys), once.Pointer("/id")),
		middleware.Breaker(middleware.Circuit{After: 3, OnChange: s.counts.breaker}),
		middleware.Retry(middleware.Retries{Attempts: 3, Base: 2 * time.Millisecond, Max: 20 * time.Millisecond, OnRetry: s.counts.retry}),
		middleware.Adaptive(middleware.Limits{Most: concurrency, OnChange: s.counts.limit}),
		// What was not done comes back later and later, and is put aside when that helps nobody.
		visibility.BackOff(s.queue, visibility.Exponential(time.Second, 4*time.Second)),
		deadletter.To(s.letters, deadletter.Undecodable(), deadletter.Permanent(), deadletter.MaxReceives(6)),
		offload.DeleteAfter(s.large, nil),
		middleware.Measure(metrics.Namespace("Shop"), metrics.Output(s.metrics)),
		weir.Observe(s.counts),
	)
}
