package weir

import (
	"fmt"
	"strconv"
)

// answerKafka is the response of a Kafka batch that is not done: the first record of each
// partition that is not, or every one.
func answerKafka(w *Work, e *BatchError) ([]byte, error) {
	every := w.l.cfg.everyOffset || w.l.cfg.goOn
	out := append(make([]byte, 0, 256), `{"batchItemFailures":[`...)
	empty := len(out)
	seen := map[string]struct{}{}
	for _, r := range e.Records {
		m := &w.msgs[r.Index]
		what := m.Shard
		if every {
			what = m.ID
		}
		if _, again := seen[what]; again {
			continue
		}
		if m.ID == "" {
			return nil, fmt.Errorf("%w, so the whole batch must be retried: record %d: %w", ErrNoIdentifier, r.Index, e)
		}
		seen[what] = struct{}{}
		if len(out) > empty {
			out = append(out, ',')
		}
		out = append(out, `{"itemIdentifier":{"partition":`...)
		out = appendQuoted(out, m.Shard)
		out = append(out, `,"offset":`...)
		out = strconv.AppendInt(out, m.Kafka.Offset, 10)
		out = append(out, "}}"...)
	}
	return append(out, "]}"...), nil
}
