package monoid

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// Hit is a key of a Frequent and how often it was seen: at least Min and at most Max times.
type Hit struct {
	Key      string
	Min, Max int64
}

// Frequent are the keys that were seen most often: TopK's value. The zero Frequent has none.
type Frequent struct {
	key    string // what is in it, n times, if counts is nil and n > 0
	n      int64
	counts map[string]int64

	k     int   // 0 until a TopK had it in hand
	lost  int64 // what a key may have been seen beyond its count
	total int64
}

// Seen says that a key was seen once.
func Seen(key string) Frequent { return SeenTimes(key, 1) }

// SeenTimes says that a key was seen n times, or that it has the weight n. To combine it is an
// error if n is below 0.
func SeenTimes(key string, n int64) Frequent { return Frequent{key: key, n: n, total: n} }

// Top returns the keys seen most often, most frequent first, as many as TopK was told; fewer
// if there were fewer. Equally frequent ones come in the order of keys.
func (f Frequent) Top() []Hit {
	counts := f.all()
	hits := make([]Hit, 0, len(counts))
	for key, n := range counts {
		hits = append(hits, Hit{key, n, n + f.lost})
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Min, a.Min), cmp.Compare(a.Key, b.Key))
	})
	if f.k > 0 && len(hits) > f.k {
		hits = slices.Clone(hits[:f.k])
	}
	return hits
}

// Count returns how often a key was seen: at least Min and at most Max times.
func (f Frequent) Count(key string) Hit {
	n := f.all()[key]
	return Hit{key, n, n + f.lost}
}

// Total returns how often keys were seen, exactly.
func (f Frequent) Total() int64 { return f.total }

// Bound returns how many sights of a key can be missing from its count: Max - Min of each Hit.
// It is 0 until more keys were seen than are kept. Every key seen more often is kept.
func (f Frequent) Bound() int64 { return f.lost }

// all returns the counts as a map that is not to be changed.
func (f Frequent) all() map[string]int64 {
	if f.counts == nil && f.n > 0 {
		return map[string]int64{f.key: f.n}
	}
	return f.counts
}

// TopK finds the k keys seen most often, 1 to 1000. It keeps up to 16k keys and counts up to
// that many exactly. Beyond, counts are too low, all by at most the same Bound, which is kept
// with them and never more than Total / (8k+1), however values were grouped and merged.
//
// So the laws hold up to the bound: other groupings may give other counts, and other bounds,
// but each range from Min to Max has the truth in it. Totals are exact.
//
// (A Misra-Gries summary, merged as Agarwal et al., "Mergeable Summaries", 2012, show.)
func TopK(k int) Monoid[Frequent] {
	m := topK{name: fmt.Sprintf("topk/%d", k), k: k}
	if k < 1 || k > 1000 {
		return broken[Frequent](m.name, "k is not in 1 to 1000")
	}
	return m
}

type topK struct {
	name string
	k    int
}

// room is how many keys are kept at most, floor how many when there were more.
func (m topK) room() int  { return 16 * m.k }
func (m topK) floor() int { return 8 * m.k }

func (m topK) Name() string { return m.name }

func (m topK) Identity() Frequent { return Frequent{k: m.k} }

func (m topK) Combine(a, b Frequent) (Frequent, error) {
	a.counts = maps.Clone(a.counts)
	err := m.Add(&a, b)
	return a, err
}

func (m topK) Add(into *Frequent, v Frequent) error {
	if err := m.check(*into); err != nil {
		return err
	}
	if err := m.check(v); err != nil {
		return err
	}
	total, ok := add(into.total, v.total)
	if !ok {
		return fail(m.name, ErrOverflow, "%d + %d in all is out of the range of int64", into.total, v.total)
	}
	if into.counts == nil {
		into.counts = map[string]int64{}
		if into.n > 0 {
			into.counts[into.key] = into.n
		}
		into.key, into.n = "", 0
	}
	if v.counts == nil && v.n > 0 {
		into.counts[v.key] += v.n
	}
	for key, n := range v.counts {
		into.counts[key] += n
	}
	into.k, into.total, into.lost = m.k, total, into.lost+v.lost
	if len(into.counts) > m.room() {
		m.shrink(into)
	}
	return nil
}

func (m topK) check(v Frequent) error {
	if v.total < 0 {
		return fail(m.name, ErrValue, "%q was seen %d times", v.key, v.total)
	}
	if v.k != 0 && v.k != m.k {
		return fail(m.name, ErrValue, "it is one of topk/%d", v.k)
	}
	return nil
}

// shrink takes from each count what the first key has that is one too many. From each of at
// least floor+1 keys that is so much: hence lost * (floor+1) + the counts kept <= total.
func (m topK) shrink(f *Frequent) {
	ns := slices.Sorted(maps.Values(f.counts))
	c := ns[len(ns)-1-m.floor()]
	for key, n := range f.counts {
		if n <= c {
			delete(f.counts, key)
		} else {
			f.counts[key] = n - c
		}
	}
	f.lost += c
}

const topKVersion = 1

func (m topK) Append(dst []byte, v Frequent) ([]byte, error) {
	if err := m.check(v); err != nil {
		return dst, err
	}
	dst = append(dst, topKVersion)
	dst = binary.AppendUvarint(dst, uint64(v.total))
	dst = binary.AppendUvarint(dst, uint64(v.lost))
	counts := v.all()
	dst = binary.AppendUvarint(dst, uint64(len(counts)))
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		dst = appendBlock(dst, key)
		dst = binary.AppendUvarint(dst, uint64(counts[key]))
	}
	return dst, nil
}

func (m topK) Decode(src []byte) (Frequent, error) {
	r := reader{src: src}
	version := r.byte()
	v := Frequent{k: m.k, total: r.natural(), lost: r.natural()}
	n := r.count(2)
	valid := version == topKVersion && n <= m.room() && v.lost <= v.total/int64(m.floor()+1)
	if valid {
		v.counts = make(map[string]int64, n)
	}
	rest := v.total - v.lost*int64(m.floor()+1)
	for last := ""; valid && len(v.counts) < n; {
		key, times := string(r.block()), r.natural()
		valid = !r.bad && (len(v.counts) == 0 || key > last) && 0 < times && times <= rest
		if valid {
			v.counts[key], last, rest = times, key, rest-times
		}
	}
	if !valid || !r.ok() || v.lost == 0 && rest != 0 {
		return Frequent{}, fail(m.name, ErrEncoding, "%d bytes are not counted keys", len(src))
	}
	return v, nil
}
