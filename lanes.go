package weir

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir/internal/memory"
)

// A feed hands out the indexes of records, each once. prev is what the caller had before,
// -1 at first; the answer is -1 at the end.
type feed interface{ next(prev int) int }

// indexes feeds one worker with some records.
type indexes []int

func (l *indexes) next(int) int {
	if len(*l) == 0 {
		return -1
	}
	i := (*l)[0]
	*l = (*l)[1:]
	return i
}

// lanes feeds many workers. Records with the same ordering key form a lane, which one
// worker takes whole, so that they neither overlap nor overtake each other.
type lanes struct {
	n      int     // records
	follow []int32 // the next record of the same lane, 0 at its end; nil if each stands alone
	heads  []int32 // first records of the lanes, in record order; nil if each stands alone
	taken  atomic.Int64
}

func (l *lanes) next(prev int) int {
	if prev >= 0 && l.follow != nil && l.follow[prev] > 0 {
		return int(l.follow[prev])
	}
	k := int(l.taken.Add(1)) - 1
	switch {
	case k >= l.count():
		return -1
	case l.heads == nil:
		return k
	}
	return int(l.heads[k])
}

func (l *lanes) count() int {
	if l.heads == nil {
		return l.n
	}
	return len(l.heads)
}

// byKey makes lanes for n workers, by the ordering keys as they are.
func byKey(r *round, n int) (workers int) { return inLanes(r, n, nil) }

// byItem goes by the canonical text of item keys, where a record has some.
func byItem(r *round, n int) (workers int) { return inLanes(r, n, appendItemKey) }

func inLanes(r *round, n int, canonical func(*Message, []byte) []byte) (workers int) {
	r.lanes.sort(r.w.msgs, canonical)
	r.feed = &r.lanes
	return min(n, max(1, r.lanes.count()))
}

// slot is a lane in a table: half of its hash, and its last record so far, plus 1. The other half of
// the hash says where to look.
type slot struct{ hash, tail uint32 }

var tables sync.Pool // of *[]slot

// sort sorts a batch into lanes. Keys whose hashes are equal may share a lane, which costs
// concurrency but never order.
func (l *lanes) sort(msgs []Message, canonical func(*Message, []byte) []byte) {
	n := len(msgs)
	if l.n = n; !keyed(msgs) {
		return
	}
	seed := maphash.String(maphash.MakeSeed(), "") // nobody can know which keys collide
	links := make([]int32, 2*n)
	follow, heads := links[:n], links[n:n]
	size := 4
	for size < n+n/2 {
		size *= 2
	}
	pooled, _ := tables.Get().(*[]slot)
	if pooled == nil || len(*pooled) < size {
		pooled = new(make([]slot, size))
	}
	table := (*pooled)[:size]
	clear(table)
	var scratch []byte
	for i := range msgs {
		m := &msgs[i]
		key := m.OrderingKey
		if key == "" {
			heads = append(heads, int32(i))
			continue
		}
		if canonical != nil && m.item != nil {
			scratch = canonical(m, scratch[:0])
			key = memory.String(scratch)
		}
		h := hashKey(key, seed)
		half, at := uint32(h>>32), uint(h)&uint(size-1)
		s := &table[at]
		for s.tail != 0 && s.hash != half {
			at = (at + 1) & uint(size-1)
			s = &table[at]
		}
		if s.tail == 0 {
			heads = append(heads, int32(i))
		} else {
			follow[s.tail-1] = int32(i)
		}
		*s = slot{half, uint32(i) + 1}
	}
	tables.Put(pooled)
	l.follow, l.heads = follow, heads
}

// hashKey hashes a key that is not empty: by multiplying, as wyhash does, which takes a short key a third of
// what calling maphash takes.
func hashKey(key string, seed uint64) uint64 {
	const odd1, odd2 = 0xa0761d6478bd642f, 0xe7037ed1a0b428db
	n := len(key)
	var a, b uint64
	first := seed
	switch {
	case n >= 8:
		for i := 8; i < n-8; i += 8 {
			seed = mixed(seed^memory.Word(key, i), first^odd1)
		}
		a, b = memory.Word(key, 0), memory.Word(key, n-8)
	case n >= 4:
		a = uint64(key[0]) | uint64(key[1])<<8 | uint64(key[2])<<16 | uint64(key[3])<<24
		b = uint64(key[n-4]) | uint64(key[n-3])<<8 | uint64(key[n-2])<<16 | uint64(key[n-1])<<24
	default:
		a = uint64(key[0]) | uint64(key[n/2])<<8 | uint64(key[n-1])<<16
	}
	return mixed(a^first, b^(seed+odd2*uint64(n)))
}

// mixed multiplies, and puts the halves of the product together.
func mixed(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

func keyed(msgs []Message) bool {
	for i := range msgs {
		if msgs[i].OrderingKey != "" {
			return true
		}
	}
	return false
}
