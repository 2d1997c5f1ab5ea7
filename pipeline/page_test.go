package pipeline_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
)

// raw is a Kinesis event of records with shards of their own choice.
func raw(records ...[3]string) []byte {
	text := ""
	for i, r := range records { // shard, sequence number, data
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(`{"kinesis":{"partitionKey":"p","sequenceNumber":%q,"data":%q,"approximateArrivalTimestamp":1000.5},`+
			`"eventSource":"aws:kinesis","eventID":"%s:%s","eventSourceARN":"arn:aws:kinesis:eu-west-1:1:stream/s"}`, r[1], b64(r[2]), r[0], r[1])
	}
	return []byte(`{"Records":[` + text + `]}`)
}

// A page below another may be written by the commit that fills that other one, never before: here a
// record that would fill it does not fit into the commit, and the process dies after it. The record
// below, delivered alone, would find room above.
func TestChildrenOfFullPagesOnly(t *testing.T) {
	t.Parallel()
	for round := range 20 { // whether two records part ways depends on the salt
		store := mem.New()
		small := func(c *state.Caps) { c.MaxRow, c.MaxRows = 26, 5 } // two identifiers a page
		pipe := func(s *faulty) *weir.Lambda {
			s.Store, s.caps = store, small
			p := amounts(s)
			p.Retry.Attempts = 1
			return weir.Kinesis(p, weir.ReportAll())
		}
		one := func(customer string, more ...string) string {
			text := `{"Customer":"` + customer + `","Amount":1,"More":[`
			for i, m := range more {
				if i > 0 {
					text += ","
				}
				text += `"` + m + `"`
			}
			return text + `]}`
		}
		if _, err := pipe(new(faulty)).Invoke(t.Context(), raw([3]string{"s2", "1", one("c0")}, [3]string{"s2", "2", one("c0")})); err != nil {
			t.Fatal(err)
		}
		event := raw(
			[3]string{"s2", "3", one("c0")}, [3]string{"s2", "4", one("c0")}, // onto two pages below that of s2
			[3]string{"s1", "5", one("c0")}, [3]string{"s1", "6", one("c1", "c2")}, // these two fill that of s1
			[3]string{"s1", "7", one("c0")}, // so this would go below
		)
		died := false
		dying := &faulty{after: func(int, []state.Write) error { died = true; return errDown }, load: func(int, []state.Key) error {
			if died {
				return errDown
			}
			return nil
		}}
		if _, err := pipe(dying).Invoke(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		if !died {
			t.Fatal("nothing was committed")
		}
		alone := raw([3]string{"s1", "7", one("c0")})
		for _, e := range [][]byte{alone, event, event} {
			out, err := pipe(new(faulty)).Invoke(t.Context(), e)
			if err != nil || string(out) != `{"batchItemFailures":[]}` {
				t.Fatalf("%s, %v", out, err)
			}
		}
		want(t, fmt.Sprint("total of round ", round), total(t, amounts(&faulty{Store: store, caps: small})), 8)
	}
}

// A store that refuses everybody is not asked record by record.
func TestRefusedForAll(t *testing.T) {
	t.Parallel()
	s := &faulty{Store: mem.New()}
	l := weir.Kinesis(amounts(s))
	if _, err := l.Invoke(t.Context(), raw([3]string{"other", "1", "{}"})); err != nil {
		t.Fatal(err)
	}
	s.before = func(int, []state.Write) error { return fmt.Errorf("%w: read only", state.ErrRefused) }
	_, err := l.Invoke(t.Context(), raw([3]string{"s", "1", "{}"}, [3]string{"s", "2", "{}"}))
	if !errors.Is(err, state.ErrRefused) {
		t.Error(err)
	}
	values := orders(1000)
	var many [][3]string
	for i := range values {
		many = append(many, [3]string{"s", fmt.Sprint(i), "{}"})
	}
	var nobodys *weir.UnavailableError // so that a worker keeps its records
	if _, err = l.Invoke(t.Context(), raw(many...)); !errors.Is(err, state.ErrRefused) || !errors.As(err, &nobodys) {
		t.Error(err)
	}
	if _, commits := s.calls(); commits > 40 {
		t.Errorf("%d commits", commits)
	}
	loads, _ := s.calls()
	s.load = func(int, []state.Key) error { return fmt.Errorf("%w: no table", state.ErrRefused) }
	nobodys = nil
	if _, err = l.Invoke(t.Context(), raw(many...)); !errors.Is(err, state.ErrRefused) || !errors.As(err, &nobodys) {
		t.Error(err)
	}
	if now, _ := s.calls(); now != loads+1 {
		t.Errorf("%d loads", now-loads)
	}
}
