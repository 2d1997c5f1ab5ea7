package weir

import "strconv"

// answerKafka is the response of a Kafka batch that is not done: the first record of each
// partition that is not, or every one.
func answerKafka(w *Work, e *BatchError) ([]byte, error) {
	every := w.l.cfg.everyOffset || w.l.cfg.goOn
	out := append(make([]byte, 0, 256), `{"batchItemFailures":[`...)
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
			return nil, noIdentifier(e, r.Index)
		}
		if len(seen) > 0 {
			out = append(out, ',')
		}
		seen[what] = struct{}{}
		out = append(out, `{"itemIdentifier":{"partition":`...)
		out = appendQuoted(out, m.Shard)
		out = append(out, `,"offset":`...)
		out = strconv.AppendInt(out, m.Kafka.Offset, 10)
		out = append(out, "}}"...)
	}
	return append(out, "]}"...), nil
}
