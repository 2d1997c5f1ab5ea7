package weir

import (
	"hash/maphash"
	"sync/atomic"
)

// A feed hands out the indexes of records, each once. prev is what the caller had before,
// -1 at first; the answer is -1 at the end.
type feed interface{ next(prev int) int }

// inOrder feeds one worker with as many records as its value says.
type inOrder int

func (n *inOrder) next(prev int) int {
	if prev+1 < int(*n) {
		return prev + 1
	}
	return -1
}

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
	follow []int32 // the next record of the same lane, -1 at its end
	heads  []int32 // first records of the lanes, in record order
	taken  atomic.Int64
}

func (l *lanes) next(prev int) int {
	if prev >= 0 && l.follow[prev] >= 0 {
		return int(l.follow[prev])
	}
	if k := l.taken.Add(1) - 1; k < int64(len(l.heads)) {
		return int(l.heads[k])
	}
	return -1
}

var laneSeed = maphash.MakeSeed()

// newLanes sorts a batch into lanes. Keys whose hashes are equal share a lane, which costs
// concurrency but never order.
func newLanes(msgs []Message, canonical func(*Message, []byte) []byte) *lanes {
	n := len(msgs)
	l := &lanes{follow: make([]int32, n)}
	size := 4
	for size < 2*n {
		size *= 2
	}
	type slot struct {
		hash uint64
		tail int32 // the lane's last record so far, plus 1
	}
	table := make([]slot, size)
	var scratch []byte
	for i := range msgs {
		l.follow[i] = -1
		m := &msgs[i]
		if m.OrderingKey == "" {
			l.heads = append(l.heads, int32(i))
			continue
		}
		var h uint64
		if canonical == nil {
			h = maphash.String(laneSeed, m.OrderingKey)
		} else {
			scratch = canonical(m, scratch[:0])
			h = maphash.Bytes(laneSeed, scratch)
		}
		for at := int(h) & (size - 1); ; at = (at + 1) & (size - 1) {
			s := &table[at]
			if s.tail == 0 {
				l.heads = append(l.heads, int32(i))
			} else if s.hash != h {
				continue
			} else {
				l.follow[s.tail-1] = int32(i)
			}
			*s = slot{h, int32(i) + 1}
			break
		}
	}
	return l
}
