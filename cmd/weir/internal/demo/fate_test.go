package demo

import (
	"context"
	"slices"
	"testing"

	"github.com/weir-go/weir/cmd/weir/internal/deliver"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
)

func someFlights() []flights.Flight {
	return []flights.Flight{
		{ID: "F1", Date: "2001/01/01 10:00", Delay: 5, Origin: "DFW", Destination: "ORD"},
		{ID: "F2", Date: "2001/01/01 19:00", Delay: 7, Origin: "DFW", Destination: "ORD"},
		{ID: "F3", Date: "2001/01/01 11:00", Delay: -2, Origin: "ORD", Destination: "DFW"},
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	list := someFlights()
	for _, c := range []struct {
		name string
		do   func(d *Database)
		dead []int
		want Fate
	}{
		{"all counted", func(d *Database) {
			d.insert(list[0], false)
			d.insert(list[1], true)
			d.insert(list[2], false)
			d.insert(list[2], false) // changes nothing
		}, nil, Fate{In: 3, Aggregated: 3, OK: true}},
		{"counted or dead", func(d *Database) {
			d.insert(list[0], false)
			d.insert(list[1], true)
		}, []int{2}, Fate{In: 3, Aggregated: 2, DeadLetters: 1, OK: true}},
		{"all dead", func(d *Database) {}, []int{0, 1, 2}, Fate{In: 3, DeadLetters: 3, OK: true}},
		{"lost", func(d *Database) {
			d.insert(list[0], false)
			d.insert(list[1], true)
		}, nil, Fate{In: 3, Aggregated: 2, Lost: 1, WrongTotals: []string{"ORD"}}},
		{"counted twice", func(d *Database) {
			d.insert(list[0], false)
			d.insert(list[1], true)
			d.insert(list[2], false)
			d.commit(list[2], false)
		}, nil, Fate{In: 3, Aggregated: 3, CountedTwice: 1, WrongTotals: []string{"ORD"}}},
		{"counted and dead", func(d *Database) {
			d.insert(list[0], false)
			d.insert(list[1], true)
			d.insert(list[2], false)
		}, []int{2}, Fate{In: 3, Aggregated: 2, DeadLetters: 1, CountedTwice: 1, WrongTotals: []string{"ORD"}}},
		{"two dead letters", func(d *Database) {
			d.insert(list[0], false)
			d.insert(list[1], true)
		}, []int{2, 2}, Fate{In: 3, Aggregated: 2, DeadLetters: 1, CountedTwice: 1}},
		{"counted wrongly", func(d *Database) {
			d.insert(list[0], true)
			d.insert(list[1], true)
			wrong := list[2]
			wrong.Delay = 3
			d.insert(wrong, false)
		}, nil, Fate{In: 3, Aggregated: 3, WrongTotals: []string{"DFW", "ORD"}}},
		{"for the wrong airport", func(d *Database) {
			d.insert(list[0], false)
			d.insert(list[1], true)
			wrong := list[2]
			wrong.Origin = "LAX"
			d.insert(wrong, false)
		}, nil, Fate{In: 3, Aggregated: 3, WrongTotals: []string{"LAX", "ORD"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(Trouble{})
			c.do(d)
			var dead []deliver.DeadLetter
			for _, i := range c.dead {
				dead = append(dead, deliver.DeadLetter{Index: i})
			}
			got := compare(list, dead, d)
			if !slices.Equal(got.WrongTotals, c.want.WrongTotals) {
				t.Errorf("wrong totals %v, want %v", got.WrongTotals, c.want.WrongTotals)
			}
			got.WrongTotals, c.want.WrongTotals = nil, nil
			if got.String() != c.want.String() || got.OK != c.want.OK {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// A handler that forgets that records come more than once is found out.
func TestRunFindsDoubleCount(t *testing.T) {
	t.Parallel()
	list, err := flights.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []Source{Kinesis, DynamoDB, SQS, FIFO} {
		t.Run(string(source), func(t *testing.T) {
			t.Parallel()
			c := Config{Source: source, Trouble: Trouble{Fail: 0.01, Seed: 1}, Handler: func(db *Database) func(context.Context, flights.Flight) error {
				return func(ctx context.Context, f flights.Flight) error {
					db.mu.Lock()
					db.commit(f, f.Date[11:] >= "18:00")
					db.mu.Unlock()
					return db.Add(ctx, f, false) // which fails now and then
				}
			}}
			r, err := Run(t.Context(), c, list[:1500], &deliver.Meter{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Fate.OK || r.Fate.CountedTwice == 0 || len(r.Fate.WrongTotals) == 0 || r.Fate.Lost != 0 {
				t.Errorf("%+v", r.Fate)
			}
		})
	}
}
