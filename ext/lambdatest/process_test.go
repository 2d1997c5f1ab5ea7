package lambdatest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/ext/internal/runtimeapi"
)

// programVar names the program that the test binary runs instead of the tests.
const programVar = "LAMBDATEST_PROGRAM"

func TestMain(m *testing.M) {
	if name := os.Getenv(programVar); name != "" {
		programs[name]()
		os.Exit(1) // a Lambda function does not return
	}
	os.Exit(m.Run())
}

// function is a program in a process of its own.
type function struct {
	*runtimeapi.Function
	says *json.Decoder // what the program told by say
}

// say tells the test something, from within a program.
func say(v any) {
	if err := json.NewEncoder(os.Stdout).Encode(v); err != nil {
		panic(err)
	}
}

func start(t *testing.T, program string, env ...string) *function {
	t.Helper()
	if programs[program] == nil {
		t.Fatalf("no program %q", program)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(cmd.Environ(), append(env, programVar+"="+program)...)
	return run(t, cmd)
}

func run(t *testing.T, cmd *exec.Cmd) *function {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	f, err := runtimeapi.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Stop(); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log("the function's log:\n" + f.Log())
		}
	})
	return &function{f, json.NewDecoder(r)}
}

// said reads what the program said next.
func (f *function) said(t *testing.T, v any) {
	t.Helper()
	if err := f.says.Decode(v); err != nil {
		t.Fatalf("the program said nothing more: %v", err)
	}
}

var requests atomic.Int64

// call invokes the function with 30 seconds left.
func (f *function) call(t *testing.T, event string) runtimeapi.Result {
	t.Helper()
	return f.invoke(t, runtimeapi.Invocation{Event: []byte(event), Deadline: time.Now().Add(30 * time.Second)})
}

func (f *function) invoke(t *testing.T, in runtimeapi.Invocation) runtimeapi.Result {
	t.Helper()
	if in.RequestID == "" {
		in.RequestID = fmt.Sprintf("8476a536-e9f4-11e8-9739-%012d", requests.Add(1))
	}
	in.FunctionARN = "arn:aws:lambda:eu-west-1:111122223333:function:fn"
	in.TraceID = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	r, err := f.Invoke(t.Context(), in)
	if err != nil {
		t.Fatalf("%v\n%s", err, f.Log())
	}
	return r
}

// responds checks a partial batch response.
func responds(t *testing.T, r runtimeapi.Result, ids ...string) {
	t.Helper()
	items := make([]string, len(ids))
	for i, id := range ids {
		items[i] = fmt.Sprintf(`{"itemIdentifier":%q}`, id)
	}
	want := `{"batchItemFailures":[` + strings.Join(items, ",") + `]}`
	if r.Error != nil {
		t.Errorf("the function failed: %+v\nwant %s", *r.Error, want)
	} else if string(r.Body) != want {
		t.Errorf("response = %s\nwant       %s", r.Body, want)
	}
}

// record is an SQS message of an event, its identifier "m<n>" counted from 1.
type record struct{ body, group string }

func bodies(texts ...string) []record {
	rs := make([]record, len(texts))
	for i, text := range texts {
		rs[i].body = text
	}
	return rs
}

func sqsEvent(queue string, records ...record) string {
	var b strings.Builder
	b.WriteString(`{"Records":[`)
	for i, r := range records {
		if i > 0 {
			b.WriteByte(',')
		}
		body, err := json.Marshal(r.body)
		if err != nil {
			panic(err)
		}
		group := ""
		if r.group != "" {
			group = fmt.Sprintf(`,"MessageGroupId":%q`, r.group)
		}
		fmt.Fprintf(&b, `{"messageId":"m%d","receiptHandle":"AQEB","body":%s,"attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1760000000123"%s},`+
			`"messageAttributes":{},"md5OfBody":"x","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:111122223333:%s","awsRegion":"eu-west-1"}`,
			i+1, body, group, queue)
	}
	b.WriteString(`]}`)
	return b.String()
}
