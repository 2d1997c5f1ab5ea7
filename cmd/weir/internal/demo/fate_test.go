package demo

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/weir-go/weir/cmd/weir/internal/deliver"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
)

func someFlights() []flights.Flight {
	return []flights.Flight{
		{ID: "F1", Date: "2001/01/01 10:00", Delay: 5, Origin: "DFW", Destination: "ORD"},
		{ID: "F2", Date: "2001/01/01 19:00", Delay: 7, Origin: "DFW", Destination: "ORD"},
		{ID: "F3", Date: "2001/01/01 11:00", Delay: -2, Origin: "ORD", Destination: "DFW"},
	}
}

// insert adds a flight as if it had come, whatever is there.
func (t Totals) insert(f flights.Flight) {
	c := cellOf(f)
	ids := append(slices.Collect(t[c].Second.All()), f.ID)
	t[c] = monoid.PairOf(add(t[c].First, f), monoid.SetOf(slices.Compact(slices.Sorted(slices.Values(ids)))...))
}

func TestCompare(t *testing.T) {
	t.Parallel()
	list := someFlights()
	with := func(f flights.Flight, change func(*flights.Flight)) flights.Flight { change(&f); return f }
	and := func(list []flights.Flight, one flights.Flight) []flights.Flight {
		return append(slices.Clone(list), one)
	}
	other := flights.Flight{ID: "X9", Date: "2001/01/01 12:00", Delay: 50, Origin: "ORD"}
	for _, c := range []struct {
		name   string
		before []flights.Flight
		add    []flights.Flight
		dead   []int
		want   Fate
	}{
		{"all counted", nil, list, nil, Fate{In: 3, Aggregated: 3, OK: true}},
		{"counted or dead", nil, list[:2], []int{2}, Fate{In: 3, Aggregated: 2, DeadLetters: 1, OK: true}},
		{"all dead", nil, nil, []int{0, 1, 2}, Fate{In: 3, DeadLetters: 3, OK: true}},
		{"dead although counted", nil, list, []int{2}, Fate{In: 3, Aggregated: 3, DeadAlthoughCounted: 1, OK: true}},
		{"lost", nil, list[:2], nil, Fate{In: 3, Aggregated: 2, Lost: 1, WrongTotals: []string{"ORD 2001-01-01"}}},
		{"lost beside another", nil, list[1:], nil, Fate{In: 3, Aggregated: 2, Lost: 1, WrongTotals: []string{"DFW 2001-01-01"}}},
		{"counted twice", nil, and(list, list[2]), nil, Fate{In: 3, Aggregated: 3, CountedTwice: 1, WrongTotals: []string{"ORD 2001-01-01"}}},
		{"one lost, another twice", nil, and(list[1:], list[1]), nil,
			Fate{In: 3, Aggregated: 2, Lost: 1, CountedTwice: 1, WrongTotals: []string{"DFW 2001-01-01"}}},
		{"counted wrongly", nil, and(list[:2], with(list[2], func(f *flights.Flight) { f.Delay = 3 })), nil,
			Fate{In: 3, Aggregated: 3, WrongTotals: []string{"ORD 2001-01-01"}}},
		{"for the wrong airport", nil, and(list[:2], with(list[2], func(f *flights.Flight) { f.Origin = "LAX" })), nil,
			Fate{In: 3, Aggregated: 2, Lost: 1, WrongTotals: []string{"LAX 2001-01-01", "ORD 2001-01-01"}}},
		{"for the wrong day", nil, and(list[:2], with(list[2], func(f *flights.Flight) { f.Date = "2001/01/02 11:00" })), nil,
			Fate{In: 3, Aggregated: 2, Lost: 1, WrongTotals: []string{"ORD 2001-01-01", "ORD 2001-01-02"}}},
		{"all there before", list, nil, nil, Fate{In: 3, Aggregated: 3, CountedBefore: 3, OK: true}},
		{"some there before", list[:1], list[1:], nil, Fate{In: 3, Aggregated: 3, CountedBefore: 1, OK: true}},
		{"there before and now dead", list, nil, []int{0}, Fate{In: 3, Aggregated: 3, CountedBefore: 3, DeadAlthoughCounted: 1, OK: true}},
		{"there before and counted again", list, list[:1], nil,
			Fate{In: 3, Aggregated: 3, CountedBefore: 3, CountedTwice: 1, WrongTotals: []string{"DFW 2001-01-01"}}},
		{"others there before", []flights.Flight{other}, list, nil, Fate{In: 3, Aggregated: 3, OK: true}},
		{"others there before, one lost", []flights.Flight{other}, list[:2], nil,
			Fate{In: 3, Aggregated: 2, Lost: 1, WrongTotals: []string{"ORD 2001-01-01"}}},
		{"others from nowhere", nil, and(list, other), nil, Fate{In: 3, Aggregated: 3, WrongTotals: []string{"ORD 2001-01-01"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before := Totals{}
			for _, f := range c.before {
				before.insert(f)
			}
			after := maps.Clone(before)
			for _, f := range c.add {
				after.insert(f)
			}
			if same := after.Same(before); same != (len(c.add) == 0) {
				t.Errorf("Same says %v", same)
			}
			var dead []deliver.DeadLetter
			for _, i := range c.dead {
				dead = append(dead, deliver.DeadLetter{Index: i})
			}
			got := compare(list, dead, before, after)
			if !slices.Equal(got.WrongTotals, c.want.WrongTotals) {
				t.Errorf("wrong totals %v, want %v", got.WrongTotals, c.want.WrongTotals)
			}
			got.WrongTotals, c.want.WrongTotals = nil, nil
			if got.String() != c.want.String() || got.OK != c.want.OK || got.CountedBefore != c.want.CountedBefore ||
				got.DeadAlthoughCounted != c.want.DeadAlthoughCounted {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// forgetful is a store that loses receipts, and the answers of some commits.
type forgetful struct {
	state.Store
	mu sync.Mutex
	n  int
}

func (s *forgetful) Commit(ctx context.Context, pipeline string, writes []state.Write) error {
	kept := slices.DeleteFunc(slices.Clone(writes), func(w state.Write) bool { return w.Kind == state.Receipt })
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.Store.Commit(ctx, pipeline, kept)
	if s.n++; err == nil && s.n%5 == 0 && writes[0].Kind != state.Meta {
		return errors.New("no answer")
	}
	return err
}

// What a pipeline would do on a store without its promise is found out.
func TestRunFindsDoubleCount(t *testing.T) {
	t.Parallel()
	list, err := flights.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []Source{Kinesis, DynamoDB, SQS, FIFO} {
		t.Run(string(source), func(t *testing.T) {
			t.Parallel()
			db, err := OpenDatabase(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			c := Config{Source: source, Between: func(s state.Store) state.Store { return &forgetful{Store: s} }}
			r, err := Run(t.Context(), c, list[:1500], db, &deliver.Meter{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Fate.OK || r.Fate.CountedTwice == 0 || len(r.Fate.WrongTotals) == 0 || r.Fate.Lost != 0 {
				t.Errorf("%+v", r.Fate)
			}
		})
	}
}

func TestReadTotals(t *testing.T) {
	t.Parallel()
	store := mem.New()
	totals, err := ReadTotals(t.Context(), store)
	if err != nil || len(totals) != 0 || len(totals.Airports()) != 0 {
		t.Errorf("%v, %v", totals, err)
	}
	for _, f := range someFlights() {
		totals.insert(f)
	}
	if got := totals.Airports(); len(got) != 2 || got[0].Airport != "DFW" || got[0].Flights != 2 || got[0].MeanDelay != 6 || got[1].WorstDay != nil {
		t.Errorf("%+v", got)
	}
	if totals.Flights() != 3 {
		t.Errorf("%d flights", totals.Flights())
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	if got := Clip("one\n two\x00 "+strings.Repeat("é", 50), 20); len(got) > 20 || strings.ContainsAny(got, "\n") || !strings.HasSuffix(got, "...") {
		t.Errorf("%q", got)
	}
	if got := Clip("\x1b[31mDF\rW\x00", 20); got != "?[31mDF W?" {
		t.Errorf("%q", got)
	}
}
