package demo

import (
	"cmp"
	"maps"
	"slices"

	"github.com/weir-go/weir/cmd/weir/internal/deliver"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
	"github.com/weir-go/weir/monoid"
)

// Fate is what became of the input. Every record must be counted once, or be a dead letter.
type Fate struct {
	In           int      `json:"in"`
	Aggregated   int      `json:"aggregated"`   // counted
	DeadLetters  int      `json:"deadLetters"`  // not counted, but among the dead letters
	Lost         int      `json:"lost"`         // neither
	CountedTwice int      `json:"countedTwice"` // additions to the totals beyond one a flight
	WrongTotals  []string `json:"wrongTotals"`  // airports and days whose totals are not those of the input
	OK           bool     `json:"ok"`

	// DeadAlthoughCounted are dead letters that are in Aggregated: a delivery that failed had been
	// merged, or one of another run. Redriven, they would be recognised.
	DeadAlthoughCounted int `json:"deadAlthoughCounted"`

	// CountedBefore are those of Aggregated that were in the database before the run.
	CountedBefore int `json:"countedBefore"`
}

// compare is independent of the pipeline: it folds the input by itself, and has the dead letters
// and what was in the database before and after.
func compare(list []flights.Flight, dead []deliver.DeadLetter, before, after Totals) Fate {
	fate := Fate{In: len(list), WrongTotals: []string{}}
	isDead := map[int]bool{}
	for _, d := range dead {
		isDead[d.Index] = true
	}
	own := map[cell]int{} // flights of the input that are in a total
	want := map[cell]monoid.Average{}
	fresh := map[cell]monoid.Average{}
	for i, f := range list {
		c := cellOf(f)
		in, was := after.has(f), before.has(f)
		switch {
		case in:
			fate.Aggregated++
			own[c]++
			if was {
				fate.CountedBefore++
			}
			if isDead[i] {
				fate.DeadAlthoughCounted++
			}
		case isDead[i]:
			fate.DeadLetters++
			continue
		default:
			fate.Lost++
		}
		want[c] = add(want[c], f)
		if !was {
			fresh[c] = add(fresh[c], f)
		}
	}
	cells := maps.Clone(want)
	for c := range after {
		cells[c] = want[c]
	}
	var wrong []cell
	for c, w := range cells {
		has := after[c]
		if n := int(has.First.Count) - has.Second.Len(); n > 0 {
			fate.CountedTwice += n
		}
		if own[c] < has.Second.Len() { // of other flights only what was there before is known
			w = monoid.Average{Sum: before[c].First.Sum + fresh[c].Sum, Count: before[c].First.Count + fresh[c].Count}
		}
		if has.First != w {
			wrong = append(wrong, c)
		}
	}
	slices.SortFunc(wrong, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.airport, b.airport), a.day.Compare(b.day))
	})
	for _, c := range wrong {
		fate.WrongTotals = append(fate.WrongTotals, c.airport+" "+c.day.Format("2006-01-02"))
	}
	fate.OK = fate.Lost == 0 && fate.CountedTwice == 0 && len(fate.WrongTotals) == 0 &&
		fate.Aggregated+fate.DeadLetters == fate.In
	return fate
}
