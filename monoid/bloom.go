package monoid

import (
	"encoding/binary"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strconv"
)

// Filter remembers keys without keeping them: Bloom's value. The zero Filter has none.
type Filter struct {
	hash   uint64 // of the key in it, if single
	single bool

	shape shape // zero until a Bloom had it in hand
	few   map[uint32]struct{}
	words []uint64 // the bits, once there are too many for few
}

// FilterOf returns a Filter that has a key in it.
func FilterOf(key string) Filter { return Filter{hash: hash(key), single: true} }

// Has says whether a key is in it: false is certain, true is wrong with the probability that
// FalsePositives returns.
func (f Filter) Has(key string) bool {
	h := hash(key)
	if f.single {
		return f.hash == h
	}
	if f.shape == (shape{}) {
		return false
	}
	for bit := range f.shape.bits(h) {
		if !f.on(bit) {
			return false
		}
	}
	return true
}

// FalsePositives returns the probability that Has is wrong about a key that is not in it. It
// exceeds what Bloom was told once more keys are in it than Bloom was told.
func (f Filter) FalsePositives() float64 {
	if f.single || f.shape == (shape{}) {
		return 0
	}
	return math.Pow(float64(f.ones())/float64(f.shape.size), float64(f.shape.hashes))
}

func (f Filter) on(bit uint32) bool {
	if f.words != nil {
		return f.words[bit/64]>>(bit%64)&1 == 1
	}
	_, ok := f.few[bit]
	return ok
}

func (f Filter) ones() int {
	n := len(f.few)
	for _, w := range f.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// set sets a bit. Up to shape.sparse of them are kept one by one.
func (f *Filter) set(bit uint32) {
	switch {
	case f.words != nil:
		f.words[bit/64] |= 1 << (bit % 64)
		return
	case f.few == nil:
		f.few = make(map[uint32]struct{}, f.shape.hashes)
	}
	f.few[bit] = struct{}{}
	if len(f.few) > f.shape.sparse() {
		f.words = make([]uint64, f.shape.size/64)
		for b := range f.few {
			f.words[b/64] |= 1 << (b % 64)
		}
		f.few = nil
	}
}

// shape is how many bits a filter has, and how many of them a key sets.
type shape struct {
	size   uint64
	hashes int
}

func (s shape) sparse() int { return int(s.size / 64) }

// bits yields the bits that a key sets. Each is hashed anew, in the way of SplitMix64: bits at
// equal distances, as of double hashing, make small filters wrong far more often than promised.
func (s shape) bits(h uint64) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for range s.hashes {
			h += 0x9e3779b97f4a7c15
			bit, _ := bits.Mul64(mix(h), s.size)
			if !yield(uint32(bit)) {
				return
			}
		}
	}
}

const maxBloom = 1 << 30 // bits

// Bloom unites Bloom filters: sets of keys that can only be asked whether a key is in them. For
// the number of keys given, a key that is not in it is taken to be with the probability p; with
// more keys that gets worse, and nothing else happens. Once it is not nearly empty it takes
// 1.44 log2(1/p) bits a key, used or not, of which a store must take a row: 1.2 KB for 1,000 keys
// at 0.01, 1.2 MB for a million.
//
// It is exact in that all groupings give the same filter.
func Bloom(keys int, p float64) Monoid[Filter] {
	name := fmt.Sprintf("bloom/%d/%s", keys, strconv.FormatFloat(p, 'g', -1, 64))
	if keys < 1 || !(0 < p && p < 1) {
		return broken[Filter](name, "keys is below 1, or p not between 0 and 1")
	}
	size := math.Ceil(-float64(keys)*math.Log(p)/(math.Ln2*math.Ln2)/64) * 64
	if size > maxBloom {
		return broken[Filter](name, "the filter would have more than 128 MiB")
	}
	hashes := min(max(math.Round(-math.Log2(p)), 1), 64)
	return bloom{name, shape{uint64(size), int(hashes)}}
}

type bloom struct {
	name  string
	shape shape
}

func (m bloom) Name() string { return m.name }

func (m bloom) Identity() Filter { return Filter{shape: m.shape} }

func (m bloom) Combine(a, b Filter) (Filter, error) {
	if err := m.check(a, b); err != nil {
		return Filter{}, err
	}
	out := m.Identity()
	m.unite(&out, a)
	m.unite(&out, b)
	return out, nil
}

func (m bloom) Add(into *Filter, v Filter) error {
	if err := m.check(*into, v); err != nil {
		return err
	}
	m.unite(into, v)
	return nil
}

func (m bloom) check(a, b Filter) error {
	for _, f := range []Filter{a, b} {
		if f.shape != (shape{}) && f.shape != m.shape {
			return fail(m.name, ErrValue, "a filter of %d bits is not one of %d", f.shape.size, m.shape.size)
		}
	}
	return nil
}

func (m bloom) unite(into *Filter, v Filter) {
	if v.single {
		for bit := range m.shape.bits(v.hash) {
			into.set(bit)
		}
		return
	}
	for bit := range v.few {
		into.set(bit)
	}
	if v.words == nil {
		return
	}
	if into.words == nil {
		few := into.few
		into.few, into.words = nil, slices.Clone(v.words)
		for bit := range few {
			into.set(bit)
		}
		return
	}
	for i, w := range v.words {
		into.words[i] |= w
	}
}

const (
	bloomSparse = 1 // version 1, bits by number
	bloomDense  = 2 // version 1, all bits
)

func (m bloom) Append(dst []byte, v Filter) ([]byte, error) {
	if v.single || v.shape != m.shape {
		var err error
		if v, err = m.Combine(m.Identity(), v); err != nil {
			return dst, err
		}
	}
	if v.words != nil {
		dst = append(dst, bloomDense)
		for _, w := range v.words {
			dst = binary.BigEndian.AppendUint64(dst, w)
		}
		return dst, nil
	}
	dst = append(dst, bloomSparse)
	dst = binary.AppendUvarint(dst, uint64(len(v.few)))
	next := uint32(0)
	for _, bit := range slices.Sorted(maps.Keys(v.few)) {
		dst = binary.AppendUvarint(dst, uint64(bit-next))
		next = bit + 1
	}
	return dst, nil
}

func (m bloom) Decode(src []byte) (Filter, error) {
	r := reader{src: src}
	v := m.Identity()
	switch r.byte() {
	case bloomDense:
		if uint64(len(r.src)) != m.shape.size/8 {
			r.bad = true
			break
		}
		v.words = make([]uint64, m.shape.size/64)
		for i := range v.words {
			v.words[i] = r.uint64()
		}
		r.bad = v.ones() <= m.shape.sparse()
	case bloomSparse:
		n := r.count(1)
		if n > m.shape.sparse() {
			r.bad = true
			break
		}
		v.few = make(map[uint32]struct{}, n)
		next := uint64(0)
		for range n {
			bit := r.uvarint()
			if r.bad || bit >= m.shape.size-next {
				r.bad = true
				break
			}
			v.few[uint32(next+bit)] = struct{}{}
			next += bit + 1
		}
	default:
		r.bad = true
	}
	if !r.ok() {
		return Filter{}, fail(m.name, ErrEncoding, "%d bytes are no filter of %d bits", len(src), m.shape.size)
	}
	return v, nil
}
