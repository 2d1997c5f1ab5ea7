package demo

import (
	"maps"
	"slices"
	"time"

	"github.com/weir-go/weir/cmd/weir/internal/deliver"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
)

// Fate is what became of the input. Every record must be counted once or be one dead letter.
type Fate struct {
	In           int      `json:"in"`
	Aggregated   int      `json:"aggregated"`   // counted, and no dead letter
	DeadLetters  int      `json:"deadLetters"`  // records among the dead letters
	Lost         int      `json:"lost"`         // neither
	CountedTwice int      `json:"countedTwice"` // or more often, or counted and a dead letter, or two dead letters
	WrongTotals  []string `json:"wrongTotals"`  // airports whose totals differ from those of the input
	OK           bool     `json:"ok"`
}

// compare is independent of the handler: it has the input, the dead letters, and what is in
// the database.
func compare(list []flights.Flight, dead []deliver.DeadLetter, db *Database) Fate {
	db.mu.Lock()
	defer db.mu.Unlock()
	letters := make([]int, len(list))
	for _, d := range dead {
		letters[d.Index]++
	}
	fate := Fate{In: len(list), WrongTotals: []string{}}
	want := map[string]totals{}
	for i, f := range list {
		added := db.journal[f.ID]
		switch {
		case letters[i] > 0:
			fate.DeadLetters++
		case added > 0:
			fate.Aggregated++
		default:
			fate.Lost++
		}
		if added+letters[i] > 1 {
			fate.CountedTwice++
		}
		if letters[i] == 0 {
			departure, err := time.Parse(flights.Layout, f.Date)
			t := want[f.Origin]
			t.add(f, err == nil && departure.Hour() >= evening)
			want[f.Origin] = t
		}
	}
	for _, airport := range slices.Sorted(maps.Keys(merge(want, db.totals))) {
		if want[airport] != db.totals[airport] {
			fate.WrongTotals = append(fate.WrongTotals, airport)
		}
	}
	fate.OK = fate.Lost == 0 && fate.CountedTwice == 0 && len(fate.WrongTotals) == 0 &&
		fate.Aggregated+fate.DeadLetters == fate.In
	return fate
}

func merge(a, b map[string]totals) map[string]totals {
	both := maps.Clone(a)
	maps.Copy(both, b)
	return both
}
