package demo

import (
	"cmp"
	"maps"
	"slices"
)

// Airport is the totals of the flights from one airport. Delays are in minutes.
type Airport struct {
	Airport   string  `json:"airport"`
	Flights   int64   `json:"flights"`
	MeanDelay float64 `json:"meanDelay"`
	Days      int     `json:"days"` // with flights
	WorstDay  *Day    `json:"worstDay"`
}

// Day is the totals of one day.
type Day struct {
	Day       string  `json:"day"`
	Flights   int64   `json:"flights"`
	MeanDelay float64 `json:"meanDelay"`
}

// A day with fewer flights is not called the worst.
const manyFlights = 5

// Airports folds the days of each airport, the airport with the most flights first.
func (t Totals) Airports() []Airport {
	by := map[string]*Airport{}
	sums := map[string]float64{}
	for c, v := range t {
		a := by[c.airport]
		if a == nil {
			a = &Airport{Airport: c.airport}
			by[c.airport] = a
		}
		a.Flights += v.First.Count
		a.Days++
		sums[c.airport] += v.First.Sum
		day := Day{c.day.Format("2006-01-02"), v.First.Count, v.First.Mean()}
		if day.Flights >= manyFlights && (a.WorstDay == nil || day.worse(*a.WorstDay)) {
			a.WorstDay = &day
		}
	}
	list := make([]Airport, 0, len(by))
	for _, name := range slices.Sorted(maps.Keys(by)) {
		a := by[name]
		a.MeanDelay = sums[name] / float64(a.Flights)
		list = append(list, *a)
	}
	slices.SortStableFunc(list, func(a, b Airport) int { return cmp.Compare(b.Flights, a.Flights) })
	return list
}

func (d Day) worse(than Day) bool {
	return d.MeanDelay > than.MeanDelay || d.MeanDelay == than.MeanDelay && d.Day < than.Day
}
