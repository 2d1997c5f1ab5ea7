package lambdatest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/internal/runtimeapi"
)

func TestPartialResponse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, program, queue string
		records              []record
		failed               []string
	}{
		{"all done", "sqs", "orders", bodies("a", "b"), nil},
		{"one of three", "sqs", "orders", bodies("a", "fail", "b"), []string{"m2"}},
		{"a panic", "sqs", "orders", bodies("panic", "a"), []string{"m1"}},
		{"dropped is done", "sqs", "orders", bodies("drop", "fail", "drop"), []string{"m2"}},
		{"in record order", "sqs-10", "orders", bodies("fail", "a", "fail", "b", "fail"), []string{"m1", "m3", "m5"}},
		{"FIFO stops", "sqs", "orders.fifo", []record{{"a", "g"}, {"fail", "g"}, {"b", "h"}}, []string{"m2", "m3"}},
		{"no records", "sqs", "orders", nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, tt.program)
			for range 2 { // cold, then warm
				responds(t, f.call(t, sqsEvent(tt.queue, tt.records...)), tt.failed...)
			}
		})
	}
}

func TestRecordedEvents(t *testing.T) {
	t.Parallel()
	responds(t, start(t, "sqs").call(t, recorded(t, "sqs-event.json")))

	f := start(t, "kinesis")
	responds(t, f.call(t, recorded(t, "kinesis-event.json")))
	var data string
	if f.said(t, &data); data != "Hello World" {
		t.Errorf("data = %q", data)
	}

	f = start(t, "dynamodb")
	responds(t, f.call(t, recorded(t, "dynamodb-event.json")))
	var c weir.Change[item]
	if f.said(t, &c); c.Kind != weir.Insert || c.New == nil || c.New.Val != "data" || c.Old != nil {
		t.Errorf("change = %+v", c)
	}
}

// recorded reads an event that aws-lambda-go brings along.
func recorded(t *testing.T, name string) string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "events", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestContext(t *testing.T) {
	t.Parallel()
	f := start(t, "context")
	for n := range 3 {
		id := fmt.Sprintf("5a5b-%d", n)
		deadline := time.UnixMilli(time.Now().Add(30 * time.Second).UnixMilli())
		responds(t, f.invoke(t, runtimeapi.Invocation{RequestID: id, Event: []byte(sqsEvent("orders", bodies(`{"n":1}`, `{"n":2}`)...)), Deadline: deadline}))
		for i := range 2 {
			var s sight
			f.said(t, &s)
			if want := fmt.Sprintf("m%d", i+1); !s.HasMessage || s.MessageID != want || s.Payload != fmt.Sprintf(`{"n":%d}`, i+1) {
				t.Errorf("FromContext gave %+v, want message %s", s, want)
			}
			if s.RequestID != id {
				t.Errorf("RequestID = %q, want %q", s.RequestID, id)
			}
			if !s.HasDeadline || !s.Deadline.Equal(deadline) {
				t.Errorf("Deadline = %v, want %v", s.Deadline, deadline)
			}
			if !s.ContextDeadline.Before(deadline) {
				t.Errorf("the handler's context ends at %v, not before %v", s.ContextDeadline, deadline)
			}
			if !s.HasLC || s.LambdaRequestID != id || s.LambdaARN != "arn:aws:lambda:eu-west-1:111122223333:function:fn" {
				t.Errorf("lambdacontext.FromContext gave %+v", s)
			}
		}
	}
}

func TestErrorOfTheInvocation(t *testing.T) {
	t.Parallel()
	f := start(t, "sqs")
	for _, tt := range []struct {
		name, event, kind string
		text              []string
	}{
		{"all failed", sqsEvent("orders", bodies("fail", "panic", "fail")...), "BatchError",
			[]string{"arn:aws:sqs:eu-west-1:111122223333:orders", "m1", "m2", "no stock", "boom"}},
		{"wrong source", strings.ReplaceAll(sqsEvent("q", bodies("a")...), "aws:sqs", "aws:kinesis"), "wrapError", []string{"not an event of this source"}},
		{"not JSON", `{"Records":[`, "wrapError", []string{"decode SQS event"}},
		{"no event of a batch", `{}`, "wrapError", []string{"not an event of this source"}},
	} {
		r := f.call(t, tt.event)
		if r.Error == nil {
			t.Errorf("%s: no error, but %s", tt.name, r.Body)
			continue
		}
		if r.Error.Type != tt.kind {
			t.Errorf("%s: errorType = %q, want %q", tt.name, r.Error.Type, tt.kind)
		}
		for _, text := range tt.text {
			if !strings.Contains(r.Error.Message, text) {
				t.Errorf("%s: errorMessage lacks %q:\n%s", tt.name, text, r.Error.Message)
			}
		}
	}
	responds(t, f.call(t, sqsEvent("orders", bodies("a")...))) // none of it ended the process
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		program string
		records []record
		failed  []string
		cause   bool
	}{
		{"a handler that watches its context", "early", bodies("a", "wait", "b"), []string{"m2", "m3"}, true},
		{"a handler that ignores its context", "early", bodies("a", "hang", "b"), []string{"m2", "m3"}, false},
		{"some that ignore it", "early-10", bodies("hang", "a", "wait", "b"), []string{"m1", "m3"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, tt.program)
			responds(t, f.call(t, sqsEvent("orders", bodies("a")...))) // the process is up
			for range 2 {                                              // the second meets what the first left behind
				deadline := time.Now().Add(6 * time.Second)
				r := f.invoke(t, runtimeapi.Invocation{Event: []byte(sqsEvent("orders", tt.records...)), Deadline: deadline})
				responds(t, r, tt.failed...)
				// That it answers in time is asserted in virtual time; here the machine may stall.
				t.Logf("answered %v before the deadline", deadline.Sub(r.Answered))
				if tt.cause {
					var cause string
					if f.said(t, &cause); cause != weir.ErrDeadlineNear.Error() {
						t.Errorf("cause = %q", cause)
					}
				}
			}
		})
	}
}

// Lambda Managed Instances give one process several invocations at a time.
func TestConcurrentInvocations(t *testing.T) {
	t.Parallel()
	f := start(t, "sqs", "AWS_LAMBDA_MAX_CONCURRENCY=8")
	var wg sync.WaitGroup
	for n := range 64 {
		wg.Go(func() {
			records := bodies("a", "b", "a", "b", "a", "b", "a", "b")
			records[n%8].body = "fail"
			in := runtimeapi.Invocation{RequestID: fmt.Sprintf("c-%d", n), Event: []byte(sqsEvent("orders", records...)), Deadline: time.Now().Add(30 * time.Second)}
			r, err := f.Invoke(t.Context(), in)
			if err != nil {
				t.Error(err)
				return
			}
			responds(t, r, fmt.Sprintf("m%d", n%8+1))
		})
	}
	wg.Wait()
}
