package weir

import (
	"encoding/json"
	"fmt"
	"slices"
)

const allDone = `{"batchItemFailures":[]}`

// nothingFailed is what most invocations answer. All share it: whoever appends finds no room,
// and so gets a copy.
var nothingFailed = []byte(allDone)

// respond turns the ledger into what Lambda expects.
func (w *Work) respond() ([]byte, error) {
	e := w.err
	if e == nil {
		if string(nothingFailed) != allDone { // somebody has written to it
			return []byte(allDone), nil
		}
		return slices.Clip(nothingFailed), nil
	}
	if w.l.src.AllOrNothing || len(e.Records) == e.Total && !w.l.cfg.reportAll {
		return nil, e
	}
	if w.l.src.answer != nil {
		return w.l.src.answer(w, e)
	}
	return listFailures(e)
}

// listFailures lists the identifiers of what is not done, in record order, each once.
func listFailures(e *BatchError) ([]byte, error) {
	out := append(make([]byte, 0, 32+len(e.Records)*80), `{"batchItemFailures":[`...)
	seen := make(map[string]struct{}, len(e.Records))
	for i := range e.Records {
		r := &e.Records[i]
		if _, again := seen[r.ID]; again {
			continue
		}
		if r.ID == "" {
			return nil, noIdentifier(e, r.Index)
		}
		if len(seen) > 0 {
			out = append(out, ',')
		}
		seen[r.ID] = struct{}{}
		out = append(out, `{"itemIdentifier":`...)
		out = append(appendQuoted(out, r.ID), '}')
	}
	return append(out, "]}"...), nil
}

// noIdentifier is the answer for a record that cannot be reported: a response that Lambda would
// misunderstand is worse than none.
func noIdentifier(e *BatchError, record int) error {
	return fmt.Errorf("%w, so the whole batch must be retried: record %d: %w", ErrNoIdentifier, record, e)
}

func appendQuoted(out []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(out, quoted...)
		}
	}
	out = append(out, '"')
	out = append(out, s...)
	return append(out, '"')
}
