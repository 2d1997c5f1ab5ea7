package demo

import (
	"context"
	"time"

	"github.com/weir-go/weir/cmd/weir/internal/flights"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
)

// cell is an airport on a day.
type cell struct {
	airport string
	day     time.Time
}

func cellOf(f flights.Flight) cell { return cell{f.Origin, departed(f).Truncate(24 * time.Hour)} }

// Totals is all that the pipeline has in a store.
type Totals map[cell]Total

// always is longer than flights have been.
var always = [2]time.Time{time.Date(-9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}

// ReadTotals reads it, as anybody may with the pipeline.
func ReadTotals(ctx context.Context, store state.Store) (Totals, error) {
	p := Departures(store)
	totals := Totals{}
	for airport, err := range p.AllKeys(ctx) {
		if err != nil {
			return nil, err
		}
		for r, err := range p.Windows(ctx, airport, always[0], always[1], pipeline.Consistent()) {
			if err != nil {
				return nil, err
			}
			totals[cell{airport, r.From}] = r.Value
		}
	}
	return totals, nil
}

// has says whether a flight is in its total.
func (t Totals) has(f flights.Flight) bool { return t[cellOf(f)].Second.Has(f.ID) }

// Same says whether two Totals are alike.
func (t Totals) Same(other Totals) bool {
	if len(t) != len(other) {
		return false
	}
	for c, a := range t {
		b, ok := other[c]
		if !ok || a.First != b.First || a.Second.Len() != b.Second.Len() {
			return false
		}
		for id := range a.Second.All() {
			if !b.Second.Has(id) {
				return false
			}
		}
	}
	return true
}

// Flights is how many there are.
func (t Totals) Flights() (n int64) {
	for _, v := range t {
		n += v.First.Count
	}
	return n
}

// add folds one flight in, without any monoid.
func add(to monoid.Average, f flights.Flight) monoid.Average {
	return monoid.Average{Sum: to.Sum + float64(f.Delay), Count: to.Count + 1}
}
