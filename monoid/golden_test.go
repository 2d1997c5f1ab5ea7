package monoid_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/weir-go/weir/monoid"
)

// stored is a value as it was written when its monoid was published.
type stored struct {
	name, encoded string
	check         func() error
}

// golden makes a row: m has the name, writes values combined as encoded, and reads that again
// as the same.
func golden[V any](m monoid.Monoid[V], name, encoded string, values ...V) stored {
	return stored{name, encoded, func() error {
		if m.Name() != name {
			return fmt.Errorf("is called %q", m.Name())
		}
		v := m.Identity()
		for _, x := range values {
			if err := m.(monoid.Accumulator[V]).Add(&v, x); err != nil {
				return err
			}
		}
		b, err := m.Append(nil, v)
		if err != nil || string(b) != encoded {
			return fmt.Errorf("writes %q, %v", b, err)
		}
		if v, err = m.Decode([]byte(encoded)); err != nil {
			return err
		}
		if b, err = m.Append(nil, v); err != nil || string(b) != encoded {
			return fmt.Errorf("reads what it writes as %q, %v", b, err)
		}
		return nil
	}}
}

// TestGolden: names and encodings are in people's tables. A row here never changes; a new
// encoding is a new name.
func TestGolden(t *testing.T) {
	t.Parallel()
	when := time.Date(2024, 2, 29, 23, 59, 59, 120_000_000, time.UTC)
	for _, s := range []stored{
		golden(monoid.Count(), "count", "2", 1, 1),
		golden(monoid.Count(), "count", "0"),
		golden(monoid.Sum[int64](), "sum/int64", "-9223372036854775808", math.MinInt64),
		golden(monoid.Sum[int](), "sum/int", "42", 40, 2),
		golden(monoid.Sum[uint8](), "sum/uint8", "255", 255),
		golden(monoid.Sum[time.Duration](), "sum/int64", "1500", 1000, 500),
		golden(monoid.Sum[float64](), "sum/float64", "0.75", 0.5, 0.25),
		golden(monoid.Sum[float32](), "sum/float32", "1e+10", 1e10),
		golden(monoid.Max[float64](), "max/float64", "-Inf"),
		golden(monoid.Max[float64](), "max/float64", "-0.1", -0.1, -0.2),
		golden(monoid.Max[int32](), "max/int32", "-2147483648"),
		golden(monoid.Min[uint16](), "min/uint16", "65535"),
		golden(monoid.Min[float32](), "min/float32", "+Inf"),
		golden(monoid.Mean(), "mean", "3.5/2", monoid.Observe(1), monoid.Observe(2.5)),
		golden(monoid.Mean(), "mean", "0/0"),
		golden(monoid.First[string](), "first/json", ""),
		golden(monoid.First[string](), "first/json", "2024-02-29T23:59:59.12Z \"a\"", monoid.At(when, "a")),
		golden(monoid.Last[[]int](), "last/json", "2024-02-29T23:59:59.12Z [1,2]", monoid.At(when, []int{1, 2})),
		golden(monoid.Set[string](0), "set/string", "\x02\x00\x02ab", monoid.SetOf("ab", "")),
		golden(monoid.Set[int](0), "set/int", "\x02\x03\x04", monoid.SetOf(2, -2)),
		golden(monoid.Set[uint8](0), "set/uint8", "\x01\xff\x01", monoid.SetOf[uint8](255)),
		golden(monoid.TopK(3), "topk/3", "\x01\x04\x00\x02\x01a\x03\x01b\x01", monoid.SeenTimes("a", 3), monoid.Seen("b")),
		golden(monoid.Decayed(time.Hour), "decayed/1h0m0s", "2.5@2024-02-29T23:59:59.12Z", monoid.Pulse(when, 2), monoid.Pulse(when.Add(-time.Hour), 1)),
		golden(monoid.Decayed(time.Hour), "decayed/1h0m0s", ""),
		golden(monoid.Bloom(1000, 0.01), "bloom/1000/0.01", "\x01\x0e\xec\x01\xe4\b\x8d\a\xa8\x01\xff\x01\xa6\x01\xaf\n\xb2\a\xf4\x06\xa5\t4 \xa1\x06.", monoid.FilterOf("a"), monoid.FilterOf("b")),
		golden(monoid.Bloom(4, 0.1), "bloom/4/0.1", "\x02\x00\x01\x00\x00\b\x02\x00\x00", monoid.FilterOf("a")),
		golden(monoid.Quantiles(0.01), "quantiles/0.01", "\x01\x00\xbf\xf0\x00\x00\x00\x00\x00\x00@Y\x00\x00\x00\x00\x00\x00\x03\xff\xff\x7f\x01\x80\x80\x80\x01\x01\xce\x83\x80\x01\x02", monoid.Sample(100), monoid.Sample(-1), monoid.Sample(0), monoid.Sample(100)),
		golden(monoid.Quantiles(0.01), "quantiles/0.01", "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		golden(monoid.MapOf(monoid.Count()), "map(count)", "\x02\x00\x012\x01a\x011", map[string]int64{"a": 1}, map[string]int64{"": 2}),
		golden(monoid.Tuple2(monoid.Count(), monoid.Max[int8]()), "tuple(count,max/int8)", "\x0117", monoid.PairOf(int64(1), int8(7))),
		golden(monoid.Tuple3(monoid.Count(), monoid.Count(), monoid.Mean()), "tuple(count,count,mean)", "\x011\x0125/1", monoid.TripleOf(int64(1), int64(2), monoid.Observe(5))),
	} {
		if err := s.check(); err != nil {
			t.Errorf("%s, stored as %s: %v", s.name, strconv.QuoteToASCII(s.encoded), err)
		}
	}
}
