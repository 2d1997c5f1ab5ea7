package monoid_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/weir-go/weir/monoid"
)

// keys are few, as in a batch, so that most are there already.
var keys = func() []string {
	keys := make([]string, 64)
	for i := range keys {
		keys[i] = fmt.Sprint("customer ", i)
	}
	return keys
}()

// adder is a monoid at work within a batch: add makes the value of record i, and adds it.
type adder struct {
	name   string
	allocs float64 // per record
	add    func(i int)
}

func adding[V any](m monoid.Monoid[V], allocs float64, value func(i int) V) adder {
	acc, into := m.(monoid.Accumulator[V]), m.Identity()
	return adder{m.Name(), allocs, func(i int) {
		if err := acc.Add(&into, value(i)); err != nil {
			panic(err)
		}
	}}
}

func adders() []adder {
	r := rand.New(rand.NewPCG(1, 2))
	numbers := make([]float64, 1024)
	for i := range numbers {
		numbers[i] = r.ExpFloat64() * 100
	}
	key := func(i int) string { return keys[i%len(keys)] }
	number := func(i int) float64 { return numbers[i%len(numbers)] }
	at := func(i int) time.Time { return epoch.Add(time.Duration(i*7919%1000003) * time.Microsecond) }
	return []adder{
		adding(monoid.Count(), 0, func(int) int64 { return 1 }),
		adding(monoid.Sum[int64](), 0, func(i int) int64 { return int64(i & 0xff) }),
		adding(monoid.Sum[float64](), 0, number),
		adding(monoid.Max[float64](), 0, number),
		adding(monoid.Min[int32](), 0, func(i int) int32 { return int32(-i) }),
		adding(monoid.Mean(), 0, func(i int) monoid.Average { return monoid.Observe(number(i)) }),
		adding(monoid.Last[int](), 0, func(i int) monoid.Timed[int] { return monoid.At(at(i), i) }),
		adding(monoid.Decayed(time.Hour), 0, func(i int) monoid.Decaying { return monoid.Pulse(at(i), 1) }),
		adding(monoid.Set[string](0), 0, func(i int) monoid.Members[string] { return monoid.SetOf(key(i)) }),
		adding(monoid.TopK(10), 0, func(i int) monoid.Frequent { return monoid.Seen(key(i)) }),
		adding(monoid.Bloom(1000, 0.01), 0, func(i int) monoid.Filter { return monoid.FilterOf(key(i)) }),
		adding(monoid.Quantiles(0.01), 0, func(i int) monoid.Distribution { return monoid.Sample(number(i)) }),
		adding(monoid.Tuple2(monoid.Count(), monoid.Max[float64]()), 0, func(i int) monoid.Pair[int64, float64] {
			return monoid.PairOf(int64(1), number(i))
		}),
		adding(monoid.Tuple3(monoid.Count(), monoid.Mean(), monoid.TopK(10)), 0, func(i int) monoid.Triple[int64, monoid.Average, monoid.Frequent] {
			return monoid.TripleOf(int64(1), monoid.Observe(number(i)), monoid.Seen(key(i)))
		}),
		// The map that a Value function makes is not there for nothing.
		adding(monoid.MapOf(monoid.Count()), 2, func(i int) map[string]int64 { return map[string]int64{key(i): 1} }),
	}
}

// TestAddAllocatesNothing: neither the value of a record nor adding it allocates, once what it
// is added to has grown. Not parallel, since allocations are counted for all.
func TestAddAllocatesNothing(t *testing.T) {
	for _, a := range adders() {
		i := 0
		next := func() { a.add(i); i++ }
		for range 2000 {
			next()
		}
		if got := testing.AllocsPerRun(200, next); got > a.allocs {
			t.Errorf("%s: %v allocations a record, not %v", a.name, got, a.allocs)
		}
	}
}

// BenchmarkAdd is one record of many that are combined within a batch, its value included.
func BenchmarkAdd(b *testing.B) {
	for _, a := range adders() {
		b.Run(a.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				a.add(i)
			}
		})
	}
}
