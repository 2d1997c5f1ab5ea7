package envelope_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

// invoke runs a nest on its source, and returns what became of the outer records.
func (n *nest) invoke(ctx context.Context, v weir.Verb, w *witness) (states []string) {
	opts := []weir.FlowOption{weir.Observe(w), weir.ReportAll()}
	if n.workers > 1 {
		opts = append(opts, weir.Concurrency(n.workers))
	}
	if n.drop {
		opts = append(opts, weir.OnUndecodable(weir.DropUndecodable))
	}
	if n.giveUp {
		opts = append(opts, weir.OnFailure(func(_ context.Context, m *weir.Message, err error) error {
			if strings.HasSuffix(n.byName[string(m.Payload)].does, "error") {
				return nil
			}
			return err
		}))
	}
	if n.source == "stop" {
		opts = append(opts, weir.StopOnFailure())
	}
	if n.source == "runner" {
		return n.runner(ctx, weir.NewRunner("nest", v, opts...))
	}
	all := weir.FlowOptions(opts...)
	var values []any
	for _, o := range n.outer {
		values = append(values, weirtest.Record{Value: o.name, OrderingKey: o.key})
	}
	var l *weir.Lambda
	var e weirtest.Event
	switch n.source {
	case "sqs":
		l, e = weir.SQS(v, all), weirtest.SQS(values...)
	case "fifo":
		l, e = weir.SQS(v, all), weirtest.FIFO(values...)
	case "group":
		l, e = weir.SQS(v, all, weir.SkipGroup()), weirtest.FIFO(values...)
	case "kinesis", "stop":
		l, e = weir.Kinesis(v, all), weirtest.Kinesis(values...)
	case "kafka":
		l, e = weir.Kafka(v, all), weirtest.Kafka(values...)
	case "kafka-on":
		l, e = weir.Kafka(v, all, weir.ContinueOnFailure()), weirtest.Kafka(values...)
	}
	deadline, ok := ctx.Deadline()
	if ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(context.WithoutCancel(ctx), deadline)
		defer cancel()
	}
	for _, o := range weirtest.Run(ctx, l, e).Records {
		states = append(states, string(o.State))
	}
	return states
}

func (n *nest) runner(ctx context.Context, r *weir.Runner) (states []string) {
	var msgs []weir.Message
	for i, o := range n.outer {
		msgs = append(msgs, weir.Message{ID: fmt.Sprint(i), OrderingKey: o.key, Payload: []byte(o.name)})
	}
	out := r.Run(ctx, msgs)
	for i := range msgs {
		state, _ := out.Of(i)
		states = append(states, map[weir.Outcome]string{weir.Succeeded: "succeeded", weir.Dropped: "dropped", weir.Failed: "failed", weir.Skipped: "skipped"}[state])
	}
	return states
}
