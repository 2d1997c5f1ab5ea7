package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// testcase is one event with what must come of it.
type testcase struct {
	ID      string          `json:"id"`
	Source  string          `json:"source"`
	Options json.RawMessage `json:"options"`
	Event   json.RawMessage `json:"event"`
	Fail    []string        `json:"fail"` // identifiers whose handler fails
	Expect  expectation     `json:"expect"`
	Calls   *[]string       `json:"calls"` // identifiers the handler is called with

	err error // why it cannot be read
}

// expectation is a response or an error.
type expectation struct {
	BatchItemFailures *[]any `json:"batchItemFailures"`
	Error             string `json:"error"`
}

const (
	allFailed       = "all-failed"
	invocationError = "invocation-error"
)

// load reads a file. A case that cannot be read is there with its err.
func load(file string) ([]testcase, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(raw) == 0 {
		return nil, fmt.Errorf("%s: it has no cases", file)
	}
	cases := make([]testcase, len(raw))
	for i, text := range raw {
		c := &cases[i]
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber() // identifiers may be numbers
		c.err = dec.Decode(c)
		if c.ID == "" {
			c.ID = fmt.Sprintf("case %d, which has no id", i)
		}
	}
	return cases, nil
}

// check says what keeps the case from being run.
func (c *testcase) check() error {
	switch e := c.Expect; {
	case c.err != nil:
		return c.err
	case len(c.Event) == 0:
		return errors.New("it has no event")
	case e.Error == "" && e.BatchItemFailures == nil:
		return errors.New("expect has neither batchItemFailures nor error")
	case e.Error != "" && e.BatchItemFailures != nil:
		return errors.New("expect has both batchItemFailures and error")
	case e.Error != "" && e.Error != allFailed && e.Error != invocationError:
		return fmt.Errorf("unknown expect.error %q", e.Error)
	}
	return nil
}
