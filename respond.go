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
	e := w.summary.Err
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
	ids, err := identifiers(e)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, 32+len(ids)*80)
	return append(appendFailures(append(out, '{'), ids), '}'), nil
}

// identifiers lists what to report, in record order, each once. A response that Lambda
// would misunderstand is worse than none.
func identifiers(e *BatchError) ([]string, error) {
	ids := make([]string, 0, len(e.Records))
	seen := make(map[string]struct{}, len(e.Records))
	for _, r := range e.Records {
		if r.ID == "" {
			return nil, fmt.Errorf("%w, so the whole batch must be retried: record %d: %w", ErrNoIdentifier, r.Index, e)
		}
		if _, again := seen[r.ID]; !again {
			seen[r.ID] = struct{}{}
			ids = append(ids, r.ID)
		}
	}
	return ids, nil
}

// appendFailures appends the member batchItemFailures.
func appendFailures(out []byte, ids []string) []byte {
	out = append(out, `"batchItemFailures":[`...)
	for i, id := range ids {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"itemIdentifier":`...)
		out = appendQuoted(out, id)
		out = append(out, '}')
	}
	return append(out, ']')
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
