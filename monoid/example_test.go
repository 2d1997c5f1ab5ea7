package monoid_test

import (
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/weir-go/weir/monoid"
)

// combine does with values what a pipeline does, with those of one key.
func combine[V any](m monoid.Monoid[V], values ...V) V {
	result := m.Identity()
	for _, v := range values {
		var err error
		if result, err = m.Combine(result, v); err != nil {
			log.Fatal(err)
		}
	}
	return result
}

// A pipeline's Value returns the amount of a record.
func ExampleSum() {
	cents := monoid.Sum[int64]()
	fmt.Println(cents.Name(), combine(cents, 1999, 501, -1000))

	_, err := monoid.Sum[int8]().Combine(100, 100)
	fmt.Println(err)
	// Output:
	// sum/int64 1500
	// monoid sum/int8: the result does not fit: 100 + 100 is out of the range of int8
}

// A pipeline's Value returns 1.
func ExampleCount() {
	fmt.Println(combine(monoid.Count(), 1, 1, 1))
	// Output: 3
}

func ExampleMax() {
	warmest := monoid.Max[float64]()
	fmt.Println(combine(warmest, -12.5, -3, -7.1))
	fmt.Println(combine(warmest)) // of nothing
	// Output:
	// -3
	// -Inf
}

func ExampleMin() {
	fmt.Println(combine(monoid.Min[time.Duration](), 3*time.Second, 150*time.Millisecond))
	// Output: 150ms
}

func ExampleMean() {
	delay := combine(monoid.Mean(), monoid.Observe(4), monoid.Observe(0), monoid.Observe(5))
	fmt.Println(delay.Mean(), "of", delay.Count)
	// Output: 3 of 3
}

// The records may come in any order: their times decide.
func ExampleLast() {
	noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	status := combine(monoid.Last[string](),
		monoid.At(noon.Add(time.Hour), "delivered"),
		monoid.At(noon, "shipped"))
	fmt.Println(status.Value(), status.Time().Format(time.TimeOnly))
	// Output: delivered 13:00:00
}

func ExampleFirst() {
	noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	page := combine(monoid.First[string](),
		monoid.At(noon.Add(time.Minute), "/pricing"),
		monoid.At(noon, "/"))
	fmt.Println(page.Value())
	// Output: /
}

func ExampleSet() {
	countries := combine(monoid.Set[string](300), monoid.SetOf("se"), monoid.SetOf("at"), monoid.SetOf("se"))
	fmt.Println(countries.Len(), countries.Has("at"), slices.Collect(countries.All()))
	// Output: 2 true [at se]
}

func ExampleTopK() {
	products := combine(monoid.TopK(2),
		monoid.Seen("tea"), monoid.Seen("cup"), monoid.SeenTimes("tea", 4), monoid.Seen("pot"), monoid.Seen("cup"))
	for _, hit := range products.Top() {
		fmt.Printf("%s: %d to %d\n", hit.Key, hit.Min, hit.Max)
	}
	fmt.Println("of", products.Total())
	// Output:
	// tea: 5 to 5
	// cup: 2 to 2
	// of 8
}

func ExampleDecayed() {
	noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	trend := combine(monoid.Decayed(time.Hour), monoid.Pulse(noon, 8), monoid.Pulse(noon.Add(time.Hour), 2))
	fmt.Println(trend.At(noon.Add(time.Hour)), trend.At(noon.Add(3*time.Hour)))
	// Output: 6 1.5
}

func ExampleBloom() {
	buyers := combine(monoid.Bloom(1000, 0.01), monoid.FilterOf("ann"), monoid.FilterOf("ben"))
	fmt.Println(buyers.Has("ann"), buyers.Has("cleo"))
	// Output: true false
}

func ExampleQuantiles() {
	m := monoid.Quantiles(0.01)
	latency := m.Identity()
	for ms := range 1000 {
		latency = combine(m, latency, monoid.Sample(float64(ms)))
	}
	fmt.Printf("p50 %.0f, p99 %.0f, max %.0f of %d\n", latency.Quantile(0.5), latency.Quantile(0.99), latency.Max(), latency.Count())
	// Output: p50 498, p99 983, max 999 of 1000
}

func ExampleMapOf() {
	byStatus := combine(monoid.MapOf(monoid.Count()),
		map[string]int64{"200": 1}, map[string]int64{"404": 1}, map[string]int64{"200": 1})
	fmt.Println(byStatus)
	// Output: map[200:2 404:1]
}

func ExampleTuple2() {
	type stats = monoid.Pair[int64, float64]
	orders := combine(monoid.Tuple2(monoid.Count(), monoid.Max[float64]()),
		stats{First: 1, Second: 9.5}, stats{First: 1, Second: 120}, stats{First: 1, Second: 44})
	fmt.Println(orders.First, "orders, the largest", orders.Second)
	// Output: 3 orders, the largest 120
}

func ExampleTuple3() {
	delay := func(minutes float64) monoid.Triple[int64, float64, monoid.Average] {
		return monoid.TripleOf(int64(1), minutes, monoid.Observe(minutes))
	}
	m := monoid.Tuple3(monoid.Count(), monoid.Max[float64](), monoid.Mean())
	d := combine(m, delay(5), delay(10))
	fmt.Println(m.Name(), d.First, d.Second, d.Third.Mean())
	// Output: tuple(count,max/float64,mean) 2 10 7.5
}

func ExampleCheck() {
	fmt.Println(monoid.Check(monoid.TopK(0)))
	fmt.Println(monoid.Check(monoid.TopK(10)))
	// Output:
	// monoid topk/0: a parameter is out of range: k is not in 1 to 1000
	// <nil>
}
