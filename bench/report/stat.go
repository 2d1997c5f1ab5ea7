package report

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/sample"
)

// median of nothing is nothing.
func median(v []float64) (float64, bool) {
	if len(v) == 0 {
		return 0, false
	}
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2, true
}

// of is the median of a figure over the rounds of a cell.
func (r *Report) of(p corpus.Payload, peer string, figure func(sample.Sample) float64) (float64, bool) {
	var v []float64
	for _, s := range r.Cells[Cell{p, peer}] {
		v = append(v, figure(s))
	}
	return median(v)
}

// least is a figure of the round in which it was lowest. What else runs on a machine only ever
// adds to the time that something takes.
func (r *Report) least(p corpus.Payload, peer string, figure func(sample.Sample) float64) (float64, bool) {
	var v []float64
	for _, s := range r.Cells[Cell{p, peer}] {
		v = append(v, figure(s))
	}
	if len(v) == 0 {
		return 0, false
	}
	return slices.Min(v), true
}

// ratio is a peer's CPU over weir's, each in its least disturbed round.
func (r *Report) ratio(p corpus.Payload, peer string) (float64, bool) { return r.over(p, peer, Weir) }

// over is a peer's CPU over that of a row of weir's.
func (r *Report) over(p corpus.Payload, peer, weir string) (float64, bool) {
	theirs, ok1 := r.least(p, peer, sample.Sample.CPUPerRecord)
	ours, ok2 := r.least(p, weir, sample.Sample.CPUPerRecord)
	return theirs / ours, ok1 && ok2
}

func (r *Report) allocs(s corpus.Source, size int) (float64, bool) {
	for _, one := range r.Cells[Cell{corpus.Payload{Source: s, Size: size}, Weir}] {
		if one.Heap == nil {
			return 0, false
		}
	}
	return r.of(corpus.Payload{Source: s, Size: size}, Weir, func(s sample.Sample) float64 { return s.Heap.Allocs })
}

// allocsPerRecord is what each record adds after the first.
func (r *Report) allocsPerRecord(s corpus.Source) (float64, bool) {
	one, ok1 := r.allocs(s, 1)
	thousand, ok2 := r.allocs(s, 1000)
	return (thousand - one) / 999, ok1 && ok2
}

// digits shows three of them, or all before the point.
func digits(v float64) string {
	switch {
	case v >= 100 || v <= -100:
		return thousands(int64(v + 0.5))
	case v >= 10 || v <= -10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}

func thousands(n int64) string {
	if n < 1000 && n > -1000 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), max(n%1000, -n%1000))
}

func size(p corpus.Payload) string {
	if p.Size == corpus.Full {
		return "6 MB"
	}
	return thousands(int64(p.Size))
}
