package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	batchFile = "testdata/batch.json"
	kafkaFile = "testdata/kafka.json"
)

func TestBatch(t *testing.T) { runs(t, batchFile, batchSources) }
func TestKafka(t *testing.T) { runs(t, kafkaFile, kafkaSources) }

func runs(t *testing.T, file string, sources map[string]source) {
	t.Parallel()
	cases, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			for _, problem := range c.run(sources) {
				t.Error(problem)
			}
		})
	}
}

// A checker that cannot fail is worth nothing: every case must fail when its answer or its
// calls are expected to be others.
func TestWrongExpectationsFail(t *testing.T)  { spoils(t, batchFile, batchSources) }
func TestWrongKafkaExpectations(t *testing.T) { spoils(t, kafkaFile, kafkaSources) }

func spoils(t *testing.T, file string, sources map[string]source) {
	t.Parallel()
	cases, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			if c.Calls == nil {
				t.Fatal("the case does not say which calls it wants")
			}
			for name, spoil := range map[string]func(*testcase){
				"answer": func(c *testcase) { c.Expect = wrong(c.Expect) },
				"calls":  func(c *testcase) { calls := append([]string{"other"}, *c.Calls...); c.Calls = &calls },
			} {
				c := c
				if spoil(&c); len(c.run(sources)) == 0 {
					t.Errorf("with another %s it passes", name)
				}
			}
		})
	}
}

func wrong(e expectation) expectation {
	if e.Error != "" {
		return expectation{BatchItemFailures: &[]any{}}
	}
	more := append([]any{map[string]any{"itemIdentifier": "other"}}, *e.BatchItemFailures...)
	return expectation{BatchItemFailures: &more}
}

// order is an event of a standard queue with two messages, as JSON.
const order = `{"Records":[
	{"messageId":"a","body":"{\"id\":1}","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:111122223333:orders"},
	{"messageId":"b","body":"{}","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:111122223333:orders"}]}`

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	// sqs is a file with one case, of which rest gives the fields behind the event.
	sqs := func(name, rest string) string {
		return write(name, `[{"id":"the-case","source":"sqs","event":`+order+`,`+rest+`}]`)
	}
	// topic is a file with one case: two records of a partition that fail, one of another.
	topic := func(name, options, rest string) string {
		return write(name, `[{"id":"the-case","source":"kafka","options":{`+options+`},"fail":["t-0@1","t-0@2"],"event":{"eventSource":"aws:kafka","records":{
			"t-0":[{"topic":"t","partition":0,"offset":1,"value":"e30="},{"topic":"t","partition":0,"offset":2,"value":"e30="}],
			"t-1":[{"topic":"t","partition":1,"offset":1,"value":"e30="}]}},`+rest+`}]`)
	}
	for _, test := range []struct {
		name string
		args []string
		exit int
		want []string
	}{
		{"passes", []string{"batch", batchFile}, 0, []string{"56 passed, 0 failed"}},
		{"two files", []string{"batch", batchFile, batchFile}, 0, []string{"112 passed, 0 failed"}},
		{"wrong answer", []string{"batch", sqs("answer.json", `"fail":["a"],"expect":{"batchItemFailures":[]}`)}, 1,
			[]string{"answer.json: the-case", `got  {"batchItemFailures":[{"itemIdentifier":"a"}]}`, `want {"batchItemFailures":[]}`, "0 passed, 1 failed"}},
		{"wrong order", []string{"batch", sqs("order.json", `"expect":{"batchItemFailures":[]},"calls":["b","a"]`)}, 1,
			[]string{"the-case", `got  ["a" "b"]`, `want ["b" "a"]`}},
		{"any order", []string{"batch", sqs("any.json", `"options":{"mode":"parallel"},"expect":{"batchItemFailures":[]},"calls":["b","a"]`)}, 0, nil},
		{"error wanted", []string{"batch", sqs("error.json", `"expect":{"error":"all-failed"}`)}, 1, []string{"want error all-failed"}},
		{"error not wanted", []string{"batch", sqs("all.json", `"fail":["a","b"],"expect":{"batchItemFailures":[]}`)}, 1, []string{"got  error weir: 2 of 2 records failed"}},
		{"invocation error", []string{"batch", write("event.json", `[{"id":"c","source":"kinesis","event":`+order+`,"expect":{"error":"invocation-error"}}]`)}, 0, nil},
		{"required field", []string{"batch", sqs("field.json", `"options":{"decode":"json","require":["id"]},"expect":{"batchItemFailures":[{"itemIdentifier":"b"}]},"calls":["a"]`)}, 0, nil},
		{"stop, ordered", []string{"batch", sqs("stop.json", `"options":{"mode":"parallel","errorPolicy":"stop","skipGroupOnError":true,"throwOnFullBatchFailure":false},"fail":["a"],
			"expect":{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b"}]},"calls":["a"]`)}, 0, nil},
		{"unknown option", []string{"batch", sqs("option.json", `"options":{"retries":3},"expect":{"batchItemFailures":[]}`)}, 1, []string{"option.json: the-case", `unknown option "retries"`}},
		{"unknown value", []string{"batch", sqs("value.json", `"options":{"mode":"reverse"},"expect":{"batchItemFailures":[]}`)}, 1, []string{`option "mode": unknown value "reverse"`}},
		{"value of another type", []string{"batch", sqs("type.json", `"options":{"maxConcurrency":"2"},"expect":{"batchItemFailures":[]}`)}, 1, []string{`option "maxConcurrency": json: cannot unmarshal string`}},
		{"value out of range", []string{"batch", sqs("range.json", `"options":{"maxConcurrency":0},"expect":{"batchItemFailures":[]}`)}, 1, []string{`option "maxConcurrency": 0 is less than 1`}},
		{"null value", []string{"batch", sqs("null.json", `"options":{"mode":null},"expect":{"batchItemFailures":[]}`)}, 1, []string{`option "mode": it is null`}},
		{"unknown error", []string{"batch", sqs("unknown.json", `"expect":{"error":"maybe"}`)}, 1, []string{`unknown expect.error "maybe"`}},
		{"nothing expected", []string{"batch", sqs("nothing.json", `"fail":[]`)}, 1, []string{"expect has neither"}},
		{"both expected", []string{"batch", sqs("both.json", `"expect":{"error":"all-failed","batchItemFailures":[]}`)}, 1, []string{"expect has both"}},
		{"no event", []string{"batch", write("no.json", `[{"id":"c","source":"sqs","expect":{"batchItemFailures":[]}}]`)}, 1, []string{"it has no event"}},
		{"damaged case", []string{"batch", write("case.json", `[{"id":"c","fail":3}]`), batchFile}, 1, []string{"case.json: c", "cannot unmarshal number", "56 passed, 1 failed"}},
		{"unknown source", []string{"batch", write("source.json", `[{"id":"c","source":"kafka","event":{},"expect":{"batchItemFailures":[]}}]`)}, 1, []string{"source.json: c", `unknown source "kafka"`}},
		{"kafka", []string{"kafka", kafkaFile}, 0, []string{"14 passed, 0 failed"}},
		{"kafka goes on", []string{"kafka", topic("continue.json", `"kafkaPolicy":"continue","throwOnFullBatchFailure":false`, `"calls":["t-0@1","t-0@2","t-1@1"],
			"expect":{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":1}},{"itemIdentifier":{"partition":"t-0","offset":2}}]}`)}, 0, nil},
		{"kafka stops", []string{"kafka", topic("batch.json", `"kafkaPolicy":"stop-batch","throwOnFullBatchFailure":false`, `"calls":["t-0@1"],
			"expect":{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":1}},{"itemIdentifier":{"partition":"t-1","offset":1}}]}`)}, 0, nil},
		{"kafka, unknown policy", []string{"kafka", topic("policy.json", `"kafkaPolicy":"guess"`, `"expect":{"batchItemFailures":[]}`)}, 1, []string{`option "kafkaPolicy": unknown value "guess"`}},
		{"kafka, another source", []string{"kafka", sqs("other.json", `"expect":{"batchItemFailures":[]}`)}, 1, []string{`unknown source "sqs"`}},
		{"no file", []string{"batch", filepath.Join(dir, "none"), batchFile}, 1, []string{"none: no such file", "56 passed, 0 failed"}},
		{"not JSON", []string{"batch", write("text.json", `cases`)}, 1, []string{"text.json: invalid character"}},
		{"no cases", []string{"batch", write("empty.json", `[]`)}, 1, []string{"it has no cases"}},
		{"unknown kind", []string{"filters", batchFile}, 2, []string{`unknown kind "filters"; kinds: batch, kafka`}},
		{"no files", []string{"batch"}, 2, []string{"usage: conformance KIND FILE..."}},
		{"nothing", nil, 2, []string{"usage: conformance KIND FILE..."}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if exit := run(test.args, &out, &out); exit != test.exit {
				t.Errorf("exit %d, want %d", exit, test.exit)
			}
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("got\n%swant %q in it", out.String(), want)
				}
			}
			if test.exit == passed && test.want == nil && !strings.HasPrefix(out.String(), "1 passed") {
				t.Error(out.String())
			}
		})
	}
}

// What weir must not answer, even where Lambda would take it.
func TestResponsesMustBeExact(t *testing.T) {
	t.Parallel()
	want := expectation{BatchItemFailures: &[]any{}}
	for response, exact := range map[string]bool{
		`{"batchItemFailures":[]}`:              true,
		`{"batchItemFailures":null}`:            false,
		`{}`:                                    false,
		`null`:                                  false,
		``:                                      false,
		`{"batchItemFailures":[],"state":{}}`:   false,
		`{"batchItemFailures":[]}{}`:            false,
		`{"batchItemFailures":[{"foo":"bar"}]}`: false,
	} {
		if got := want.is([]byte(response)); got != exact {
			t.Errorf("%s: %v", response, got)
		}
	}
}
