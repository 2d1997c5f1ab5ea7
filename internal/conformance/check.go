package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/weir-go/weir"
)

// run runs the case and returns what is not as expected.
func (c *testcase) run(sources map[string]source) []string {
	if err := c.check(); err != nil {
		return []string{err.Error()}
	}
	src, ok := sources[c.Source]
	if !ok {
		return []string{fmt.Sprintf("unknown source %q", c.Source)}
	}
	o, err := parseOptions(c.Options)
	if err != nil {
		return []string{err.Error()}
	}
	if o.stop || src.ordered && !o.skipGroup {
		o.parallel = false // which records a failure spares is only settled one by one
	}
	h := &handler{c: c, o: o, id: src.id}
	verb := weir.EachMessage(h.handle)
	if o.decode || len(o.fields) > 0 {
		verb = src.decode(h)
	}
	l := src.lambda(verb, o, append(o.common(), weir.Observe(h))...)

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	response, err := l.Invoke(ctx, c.Event)
	return append(c.compareAnswer(response, err), c.compareCalls(h.calls, o.parallel)...)
}

func (c *testcase) compareAnswer(response []byte, err error) []string {
	got, want := string(response), c.Expect.String()
	if err != nil {
		got = "error " + err.Error()
	}
	var all *weir.BatchError
	same := false
	switch isAll := errors.As(err, &all); c.Expect.Error {
	case allFailed:
		same = isAll && len(all.Records) == all.Total
	case invocationError:
		same = err != nil && !isAll
	default:
		same = err == nil && c.Expect.is(response)
	}
	if same {
		return nil
	}
	return []string{"answer   got  " + got, "         want " + want}
}

// is reports whether a response is exactly the expected one: its list is there, and nothing
// else is.
func (e expectation) is(response []byte) bool {
	var got map[string]any
	dec := json.NewDecoder(bytes.NewReader(response))
	dec.UseNumber()
	if dec.Decode(&got) != nil || dec.More() {
		return false
	}
	return reflect.DeepEqual(got, map[string]any{"batchItemFailures": *e.BatchItemFailures})
}

func (e expectation) String() string {
	if e.Error != "" {
		return "error " + e.Error
	}
	text, _ := json.Marshal(map[string]any{"batchItemFailures": *e.BatchItemFailures})
	return string(text)
}

// compareCalls compares in order what ran in order.
func (c *testcase) compareCalls(got []string, parallel bool) []string {
	if c.Calls == nil {
		return nil
	}
	want := slices.Clone(*c.Calls)
	sorted := ""
	if parallel {
		sorted = ", sorted"
		slices.Sort(got)
		slices.Sort(want)
	}
	if slices.Equal(got, want) {
		return nil
	}
	return []string{fmt.Sprintf("calls%s\n             got  %q", sorted, got), fmt.Sprintf("         want %q", want)}
}
