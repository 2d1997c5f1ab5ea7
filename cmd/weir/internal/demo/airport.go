package demo

import (
	"cmp"
	"maps"
	"slices"

	"github.com/weir-go/weir/cmd/weir/internal/flights"
)

// evening is the hour from which flights count as evening flights.
const evening = 18

// Airport is the totals of the flights from one airport. Delays are in minutes.
type Airport struct {
	Airport        string  `json:"airport"`
	Flights        int     `json:"flights"`
	MeanDelay      float64 `json:"meanDelay"`
	EveningFlights int     `json:"eveningFlights"`
	EveningDelay   float64 `json:"eveningMeanDelay"`
}

// totals are sums, which can be compared exactly.
type totals struct{ flights, delay, eveningFlights, eveningDelay int }

func (t *totals) add(f flights.Flight, late bool) {
	t.flights++
	t.delay += f.Delay
	if late {
		t.eveningFlights++
		t.eveningDelay += f.Delay
	}
}

// airports lists the totals, the airport with the most flights first.
func airports(by map[string]totals) []Airport {
	list := make([]Airport, 0, len(by))
	for _, name := range slices.Sorted(maps.Keys(by)) {
		t := by[name]
		list = append(list, Airport{name, t.flights, mean(t.delay, t.flights), t.eveningFlights, mean(t.eveningDelay, t.eveningFlights)})
	}
	slices.SortStableFunc(list, func(a, b Airport) int { return cmp.Compare(b.Flights, a.Flights) })
	return list
}

func mean(sum, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(sum) / float64(n)
}
