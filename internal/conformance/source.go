package main

import "github.com/weir-go/weir"

// source is how the cases of one event source are run.
type source struct {
	lambda func(weir.Verb, options, ...weir.Option) *weir.Lambda
	decode func(*handler) weir.Verb // a verb that takes JSON objects
	id     func(*weir.Message) string

	// ordered says that a failure ends the batch whatever the error policy is, unless
	// groups are skipped.
	ordered bool
}

var batchSources = map[string]source{
	"sqs":      {lambda: sqs, decode: payloads, id: messageID},
	"sqs-fifo": {lambda: sqs, decode: payloads, id: messageID, ordered: true},
	"kinesis":  {lambda: stream(weir.Kinesis), decode: payloads, id: messageID},
	"dynamodb": {lambda: stream(weir.DynamoDB), decode: documents, id: messageID},
}

var kafkaSources = map[string]source{
	"kafka": {lambda: kafka, decode: payloads, id: messageID},
}

func messageID(m *weir.Message) string { return m.ID }

func sqs(v weir.Verb, o options, rest ...weir.Option) *weir.Lambda {
	var opts []weir.SQSOption
	for _, r := range rest {
		opts = append(opts, r)
	}
	for _, f := range o.flow() {
		opts = append(opts, f)
	}
	if o.skipGroup && !o.stop { // where both are asked for, the one that does less
		opts = append(opts, weir.SkipGroup())
	}
	return weir.SQS(v, opts...)
}

func stream(of func(weir.Verb, ...weir.StreamOption) *weir.Lambda) func(weir.Verb, options, ...weir.Option) *weir.Lambda {
	return func(v weir.Verb, o options, rest ...weir.Option) *weir.Lambda {
		var opts []weir.StreamOption
		for _, r := range rest {
			opts = append(opts, r)
		}
		for _, f := range o.flow() {
			opts = append(opts, f)
		}
		return of(v, opts...)
	}
}

func (o options) flow() []weir.FlowOption {
	var opts []weir.FlowOption
	if o.stop {
		opts = append(opts, weir.StopOnFailure())
	}
	if o.parallel {
		opts = append(opts, weir.Concurrency(o.concurrency))
	}
	return opts
}

// common are the options that every source has.
func (o options) common() []weir.Option {
	var opts []weir.Option
	if !o.throw {
		opts = append(opts, weir.ReportAll())
	}
	if o.ignore {
		opts = append(opts, weir.OnUndecodable(weir.DropUndecodable))
	}
	return opts
}

func kafka(v weir.Verb, o options, rest ...weir.Option) *weir.Lambda {
	var opts []weir.KafkaOption
	for _, r := range rest {
		opts = append(opts, r)
	}
	for _, f := range o.flow() {
		opts = append(opts, f)
	}
	if o.goOn && !o.stop { // where both are asked for, the one that does less
		opts = append(opts, weir.ContinueOnFailure())
	}
	return weir.Kafka(v, opts...)
}
