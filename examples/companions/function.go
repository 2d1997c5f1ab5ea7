package main

import (
	_ "embed"
	"log/slog"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/ext/s3objects"
	"github.com/weir-go/weir/ext/schemacheck"
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
	log     *slog.Logger
	counts  *counts
}

// newFunction is what goes to lambda.Start: each order is charged once.
func newFunction(s services) *weir.Lambda {
	return weir.SQS(
		envelope.SNS(weir.Each(s.bank.charge)),
		weir.Concurrency(8),
		// Outermost first. What is large is loaded, what is no order is refused, what was charged
		// is known, and what may pass in a moment is tried again.
		offload.Load(s.large, offload.Buckets(bucket)),
		schemacheck.Check(schemacheck.Text(orderSchema)),
		once.Use(once.New(s.name, s.keys), once.Pointer("/id")),
		middleware.Retry(middleware.Retries{Attempts: 3, Base: 2 * time.Millisecond, Max: 20 * time.Millisecond, OnRetry: s.counts.retry}),
		// What was not done comes back later and later, and is put aside when that helps nobody.
		visibility.BackOff(s.queue, visibility.Exponential(time.Second, 4*time.Second)),
		deadletter.To(s.letters, deadletter.Undecodable(), deadletter.Permanent(), deadletter.MaxReceives(6)),
		offload.DeleteAfter(s.large, nil),
		weir.Observe(s.counts),
	)
}
