package weir_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weir-go/weir"
)

// modelRecord is a record of a random Kafka event.
type modelRecord struct {
	lane    string
	offset  int64 // -1: it has none
	fails   bool
	damaged bool
}

func (r modelRecord) id() string {
	if r.offset < 0 {
		return ""
	}
	return fmt.Sprintf("%s@%d", r.lane, r.offset)
}

func (r modelRecord) json(g *rand.Rand) string {
	dash := strings.LastIndexByte(r.lane, '-')
	var fields []string
	add := func(format string, args ...any) { fields = append(fields, fmt.Sprintf(format, args...)) }
	switch g.IntN(6) {
	case 0:
	case 1:
		add(`"topic":null,"timestampType":null`)
	default:
		add(`"topic":%q,"timestampType":%q`, r.lane[:dash], r.lane)
	}
	if g.IntN(4) > 0 {
		add(`"partition":%s`, r.lane[dash+1:])
	}
	if r.offset >= 0 {
		add(`"offset":%d`, r.offset)
	} else if g.IntN(2) == 0 {
		add(`"offset":null`)
	}
	add(`"timestamp":%d`, g.Int64N(1<<53)-1)
	if g.IntN(2) == 0 {
		add(`"key":%s`, []string{`null`, `""`, `"aw=="`}[g.IntN(3)])
	}
	value := `"e30="`
	if r.damaged {
		value = `"e30"`
	} else if r.fails {
		value = `"bm8="` // no
	}
	add(`"value":%s`, value)
	if g.IntN(2) == 0 {
		add(`"headers":[{"a":[-1,255,%d]}]`, g.IntN(256))
	}
	g.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return "{" + strings.Join(fields, ",") + "}"
}

// kafkaModel says what becomes of an event, by the rules as they are written down and by
// nothing that weir does.
type kafkaModel struct {
	recs              []modelRecord // as they stand in the event
	goOn, stop, every bool
	drop, all         bool
}

func (m kafkaModel) ordered() (recs []modelRecord) {
	var lanes []string
	for _, r := range m.recs {
		if !slices.Contains(lanes, r.lane) {
			lanes = append(lanes, r.lane)
		}
	}
	for _, lane := range lanes {
		groups := [][]modelRecord{{}} // a record with those behind it that have no offset
		for _, r := range m.recs {
			switch n := len(groups) - 1; {
			case r.lane != lane:
			case r.offset < 0:
				groups[n] = append(groups[n], r)
			default:
				groups = append(groups, []modelRecord{r})
			}
		}
		rest := groups[1:]
		recs = append(recs, groups[0]...)
		for len(rest) > 0 {
			lowest := 0
			for i := range rest {
				if rest[i][0].offset < rest[lowest][0].offset {
					lowest = i
				}
			}
			recs = append(recs, rest[lowest]...)
			rest = slices.Delete(rest, lowest, lowest+1)
		}
	}
	return recs
}

// outcome returns the identifiers that are called, the answer's, and whether it is an error.
func (m kafkaModel) outcome() (calls, answer []string, fails bool) {
	stopped := map[string]bool{}
	var undone []modelRecord
	recs := m.ordered()
	for _, r := range recs {
		if stopped[r.lane] || stopped[""] {
			undone = append(undone, r)
			continue
		}
		if !r.damaged && r.offset >= 0 {
			calls = append(calls, r.id())
		}
		bad := r.fails
		if r.damaged || r.offset < 0 {
			bad = !m.drop
		}
		if !bad {
			continue
		}
		undone = append(undone, r)
		switch {
		case m.stop:
			stopped[""] = true
		case !m.goOn:
			stopped[r.lane] = true
		}
	}
	if len(undone) > 0 && len(undone) == len(recs) && !m.all {
		return calls, nil, true
	}
	named := map[string]bool{}
	for _, r := range undone {
		name := r.lane
		if m.goOn || m.every {
			name = r.id()
		}
		if named[name] {
			continue
		}
		if r.offset < 0 {
			return calls, nil, true
		}
		named[name] = true
		answer = append(answer, fmt.Sprintf(`{"itemIdentifier":{"partition":%q,"offset":%d}}`, r.lane, r.offset))
	}
	return calls, answer, false
}

// TestKafkaModel holds random events, among them such as no Kafka would send, against the model.
func TestKafkaModel(t *testing.T) {
	t.Parallel()
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed %d", s)
	g := rand.New(rand.NewPCG(s, 5))
	for range 20000 {
		m := kafkaModel{every: g.IntN(4) == 0, drop: g.IntN(4) == 0, all: g.IntN(3) > 0}
		switch g.IntN(4) {
		case 0:
			m.goOn = true
		case 1:
			m.stop = true
		}
		event := m.random(g)
		var calls []string
		opts := []weir.KafkaOption{}
		for _, o := range []struct {
			given bool
			o     weir.KafkaOption
		}{
			{m.goOn, weir.ContinueOnFailure()}, {m.stop, weir.StopOnFailure()}, {m.every, weir.ReportEveryOffset()},
			{m.all, weir.ReportAll()}, {m.drop, weir.OnUndecodable(weir.DropUndecodable)},
		} {
			if o.given {
				opts = append(opts, o.o)
			}
		}
		out, err := weir.Kafka(weir.EachMessage(func(_ context.Context, msg *weir.Message) error {
			calls = append(calls, msg.ID)
			if k := msg.Kafka; k.TimestampType != "" && k.TimestampType != msg.Shard || msg.Shard != fmt.Sprint(k.Topic, "-", k.Partition) {
				t.Errorf("%s has what is another's: %+v", msg.ID, k)
			}
			if string(msg.Payload) == "no" {
				return errors.New("no")
			}
			return nil
		}), opts...).Invoke(t.Context(), []byte(event))
		wantCalls, answer, fails := m.outcome()
		want := `{"batchItemFailures":[` + strings.Join(answer, ",") + `]}`
		if fails {
			want = ""
		}
		if string(out) != want || fails != (err != nil) || !slices.Equal(calls, wantCalls) {
			t.Fatalf("seed %d: %s\n%+v\ngot  %s %v\nwant %s\ngot  calls %q\nwant calls %q", s, event, m, out, err, want, calls, wantCalls)
		}
	}
}

// random fills the model with records and returns the event.
func (m *kafkaModel) random(g *rand.Rand) string {
	odd := g.IntN(3) == 0 // offsets out of order, twice or missing; a partition twice
	var parts []string
	var used []string
	offset := g.Int64N(1 << 62)
	for range g.IntN(5) {
		lane := fmt.Sprintf("%s-%d", []string{"orders", "o-1", "eu-west.orders_v2", "-"}[g.IntN(4)], []int{0, 1, 12, 2147483647}[g.IntN(4)])
		if !odd && slices.Contains(used, lane) {
			continue
		}
		used = append(used, lane)
		var list []string
		for range g.IntN(6) {
			offset += 1 + g.Int64N(3)
			r := modelRecord{lane: lane, offset: offset, fails: g.IntN(5) == 0, damaged: g.IntN(12) == 0}
			if odd {
				switch g.IntN(5) {
				case 0:
					r.offset = max(0, offset-g.Int64N(8))
				case 1:
					if g.IntN(4) == 0 {
						r.offset = -1
					}
				}
			}
			m.recs = append(m.recs, r)
			list = append(list, r.json(g))
		}
		parts = append(parts, fmt.Sprintf("%q:[%s]", lane, strings.Join(list, ",")))
	}
	head := []string{`"eventSource":"aws:kafka"`, `"eventSource":"SelfManagedKafka"`, `"eventSource":"aws:SelfManagedKafka"`, `"bootstrapServers":"b-1:9092"`}[g.IntN(4)]
	body := `"records":{` + strings.Join(parts, ",") + `}`
	if g.IntN(2) == 0 {
		head, body = body, head
	}
	return "{" + head + "," + body + "}"
}
