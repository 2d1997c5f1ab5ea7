package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// script is a function that sees payloads and answers by a rule.
type script struct {
	answer func(payloads []string, try int) (failed []string, err error) // in terms of payloads

	mu    sync.Mutex
	tries map[string]int
	log   []string // the payloads of each invocation
}

// seen is an event of any source.
type seen struct {
	Records []struct {
		MessageID string
		Body      string
		Kinesis   struct {
			SequenceNumber string
			Data           []byte
		}
	}
}

func (s *script) invoke(_ context.Context, event []byte) ([]byte, error) {
	var e seen
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, err
	}
	var payloads []string
	ids := map[string]string{}
	for _, r := range e.Records {
		payload, id := r.Body, r.MessageID
		if r.Kinesis.Data != nil {
			payload, id = string(r.Kinesis.Data), r.Kinesis.SequenceNumber
		}
		payloads = append(payloads, payload)
		ids[payload] = id
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tries == nil {
		s.tries = map[string]int{}
	}
	line := strings.Join(payloads, " ")
	s.tries[line]++
	s.log = append(s.log, line)
	failed, err := s.answer(payloads, s.tries[line])
	if err != nil {
		return nil, err
	}
	var items []string
	for _, payload := range failed {
		id, ok := ids[payload]
		if !ok {
			id = "unknown"
		}
		items = append(items, fmt.Sprintf(`{"itemIdentifier":%q}`, id))
	}
	return []byte(`{"batchItemFailures":[` + strings.Join(items, ",") + `]}`), nil
}

func (s *script) mapping(batch, tries int) Mapping {
	return Mapping{Function: s.invoke, Batch: batch, Tries: tries, Timeout: time.Minute, Meter: &Meter{}}
}

// payloads makes records of the same key, or of the keys before a colon.
func payloads(list ...string) []Record {
	var records []Record
	for _, data := range list {
		key := "k"
		if group, _, ok := strings.Cut(data, ":"); ok {
			key = group
		}
		records = append(records, Record{Key: key, Data: data, Time: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)})
	}
	return records
}

var errBoom = errors.New("boom")

// failing answers as a handler that goes on after a failure.
func failing(bad ...string) func([]string, int) ([]string, error) {
	return func(payloads []string, _ int) (failed []string, err error) {
		for _, p := range payloads {
			for _, b := range bad {
				if p == b {
					failed = append(failed, p)
				}
			}
		}
		return failed, nil
	}
}

func sameLog(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, " | ") != strings.Join(want, " | ") {
		t.Errorf("invocations\n  %s\nwant\n  %s", strings.Join(got, " | "), strings.Join(want, " | "))
	}
}

func sameDead(t *testing.T, out *Outcome, want ...int) {
	t.Helper()
	var got []int
	for _, d := range out.Dead {
		got = append(got, d.Index)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("dead letters %v, want %v", got, want)
	}
}
