package weirtest

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/weir-go/weir/internal/probe"
)

// Lambda is what can be run: a *weir.Lambda, or anything else with its Invoke.
type Lambda interface {
	Invoke(ctx context.Context, event []byte) ([]byte, error)
}

// Run invokes a Lambda with an event, as the Lambda runtime does. The context's deadline is
// the invocation's; a context without one gets Lambda's longest, 15 minutes.
func Run(ctx context.Context, l Lambda, e Event) *Result {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 15*time.Minute)
		defer cancel()
	}
	var report probe.Report
	r := &Result{}
	r.Response, r.Err = l.Invoke(context.WithValue(ctx, probe.Key{}, &report), e.JSON())
	r.retried, r.State = r.read(e)
	if e.kafka {
		r.covered = e.behind(r.retried)
	}
	for _, o := range report.Records {
		r.Records = append(r.Records, Outcome{o.ID, State(o.State), o.Err})
	}
	if len(report.Records) == 0 {
		for _, id := range e.IDs() {
			r.Records = append(r.Records, r.guess(id))
		}
	}
	return r
}

// Result is what became of an event.
type Result struct {
	// Records are the outcomes, in record order.
	Records []Outcome

	// Response is what Lambda gets, as JSON. It is nil if Err is not.
	Response []byte

	// Err is the error of the whole invocation, upon which Lambda retries every record.
	Err error

	// State is the state that a window's invocation returns, for InWindow.
	State json.RawMessage

	retried []string
	covered map[string]bool // those of Kafka that stand behind a resume point
}

// Outcome is what became of one record.
type Outcome struct {
	ID    string
	State State
	Err   error // why it is not done, or was dropped
}

// State says how a record ended.
type State string

// The states of a record. Lambda retries what is Failed or Skipped.
const (
	Succeeded State = "succeeded"
	Dropped   State = "dropped" // done, although it failed
	Failed    State = "failed"
	Skipped   State = "skipped" // not run, or not finished in time
)

func (o Outcome) undone() bool { return o.State != Succeeded && o.State != Dropped }

// Retried returns the identifiers of the records that Lambda is told to deliver again, in
// record order: those that the response lists, or all when the invocation failed. Those of Kafka
// are resume points, see Event.Again.
func (r *Result) Retried() []string { return slices.Clone(r.retried) }

// read takes the response as Lambda does, which retries everything when it does not
// understand what it gets. Source: "Handling errors for an SQS event source", AWS Lambda
// Developer Guide.
func (r *Result) read(e Event) (retried []string, state json.RawMessage) {
	ids := e.IDs()
	if r.Err != nil {
		return ids, nil
	}
	if len(r.Response) == 0 {
		return nil, nil
	}
	var response struct {
		BatchItemFailures []struct {
			ItemIdentifier json.RawMessage `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
		State json.RawMessage `json:"state"`
	}
	if json.Unmarshal(r.Response, &response) != nil {
		return ids, nil
	}
	listed := map[string]bool{}
	for _, f := range response.BatchItemFailures {
		id, ok := e.reported(f.ItemIdentifier)
		if !ok || !slices.Contains(ids, id) {
			return ids, response.State
		}
		listed[id] = true
	}
	for _, id := range ids {
		if listed[id] {
			retried = append(retried, id)
		}
	}
	return retried, response.State
}

// reported reads an item identifier.
func (e Event) reported(item json.RawMessage) (id string, ok bool) {
	if e.kafka {
		return kafkaIdentifier(item)
	}
	return id, json.Unmarshal(item, &id) == nil
}

// guess is for invocations that weir did not report on: those that failed before the batch
// was read, and Lambdas of other make.
func (r *Result) guess(id string) Outcome {
	switch {
	case r.Err != nil:
		return Outcome{id, Failed, r.Err}
	case slices.Contains(r.retried, id) || r.covered[id]:
		return Outcome{ID: id, State: Failed}
	}
	return Outcome{ID: id, State: Succeeded}
}
