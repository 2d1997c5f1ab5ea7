package kafkasource

import (
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weir-go/weir"
)

// identities makes the identifiers of records of a lane, such as orders-1@77, in a few allocations.
func identities(lane string, rs []*kgo.Record) []string {
	const some = 256 // share memory, so that one that is kept keeps no more alive
	ids := make([]string, len(rs))
	var ends [some]int
	var text []byte
	for from := 0; from < len(rs); from += some {
		text = text[:0]
		part := rs[from:min(from+some, len(rs))]
		for i, r := range part {
			text = append(append(text, lane...), '@')
			text = strconv.AppendInt(text, r.Offset, 10)
			ends[i] = len(text)
		}
		all, begin := string(text), 0
		for i := range part {
			ids[from+i] = all[begin:ends[i]]
			begin = ends[i]
		}
	}
	return ids
}

// timeOf is a record's time. Kafka's -1 is none.
func timeOf(r *kgo.Record) time.Time {
	ms := r.Timestamp.UnixMilli()
	if ms == -1 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// timestampType is spelt as in events of Lambda. The oldest records have none.
func timestampType(r *kgo.Record) string {
	switch r.Attrs.TimestampType() {
	case 0:
		return "CREATE_TIME"
	case 1:
		return "LOG_APPEND_TIME"
	}
	return "NO_TIMESTAMP_TYPE"
}

func headers(r *kgo.Record) weir.KafkaHeaders {
	if len(r.Headers) == 0 {
		return nil
	}
	hs := make(weir.KafkaHeaders, len(r.Headers))
	for i, h := range r.Headers {
		hs[i] = weir.KafkaHeader{Name: strings.Clone(h.Key), Value: h.Value}
	}
	return hs
}
