package pipeline

import (
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/state"
)

// standing is where a record is on its way into the aggregates.
type standing uint8

const (
	pending   standing = iota
	merged             // by this batch
	duplicate          // by another before
	twin               // of an earlier record of the batch: what becomes of that becomes of this
	failed
)

// rec is one record of a batch: a message, or a user record of an aggregated one.
type rec[V any] struct {
	owner    int32 // index of the message
	standing standing
	from, to int32  // its aggregates, in batch.parts
	page     int32  // the page of its receipt, as deep as is known
	placed   uint32 // mark of the group for which it has its place on that page
	twin     int32
	lane     int32
	slot     int64
	id       string
	print    fingerprint
	when     time.Time
	value    V
	err      error
}

// agg is one aggregate that a batch adds to.
type agg[V any] struct {
	key   state.Key
	row   state.Row
	delta V
	mark  uint32 // of the group it was last counted for
	has   uint32 // number of the fold that delta is of
	rec   uint32 // last record that named it
}

// batch is what one call of apply works on. It is used again for another batch, so that a
// record costs no allocation.
type batch[V any] struct {
	msgs  []*weir.Message
	recs  []rec[V]
	parts []int32 // indexes of aggs
	aggs  []agg[V]
	pages []page
	lanes []lane
	byKey table // of aggs
	byID  table // of recs, once they are filed
	roots map[rootKey]int32

	seq      uint32  // of the record being prepared; never used again, unlike its index
	mark     uint32  // of the current group
	folds    uint32  // how often a group was folded
	group    []int32 // indexes of recs
	inPages  []int32 // of the current group
	inAggs   []int32
	keys     []state.Key
	loading  []int32
	writes   []state.Write
	data     []byte
	filed    bool
	hashSeed maphash.Seed
	outcomes []error
	settled  bool // outcomes has been made
	token    string
	claimed  []int32
	counts   counts
	expired  int // records of windows that are no longer kept
}

type counts struct{ merged, duplicates, failed int }

// lane is where receipts of a batch are filed: by source and part, and slots of time.
type lane struct {
	arn, shard string
	queue      bool     // its records come a few at a time
	table      bool     // a DynamoDB table's stream
	names      []string // of its parts, made when needed
}

type rootKey struct {
	lane, part int32
	slot       int64
}

func newBatch[V any]() *batch[V] {
	return &batch[V]{roots: map[rootKey]int32{}, hashSeed: maphash.MakeSeed()}
}

// expect makes room for what n messages mostly come to.
func (b *batch[V]) expect(n int) {
	b.msgs, b.recs, b.parts = slices.Grow(b.msgs, n), slices.Grow(b.recs, n), slices.Grow(b.parts, n)
}

// reset forgets the batch, and everything it referred to.
func (b *batch[V]) reset() {
	clear(b.msgs)
	clear(b.recs)
	clear(b.aggs)
	clear(b.pages)
	clear(b.lanes)
	clear(b.keys)
	clear(b.writes)
	clear(b.outcomes)
	clear(b.roots)
	b.byKey.reset()
	b.byID.reset()
	b.msgs, b.recs, b.parts, b.aggs, b.pages, b.lanes = b.msgs[:0], b.recs[:0], b.parts[:0], b.aggs[:0], b.pages[:0], b.lanes[:0]
	b.group, b.inPages, b.inAggs, b.keys, b.loading = b.group[:0], b.inPages[:0], b.inAggs[:0], b.keys[:0], b.loading[:0]
	b.writes, b.data, b.outcomes, b.claimed = b.writes[:0], b.data[:0], b.outcomes[:0], b.claimed[:0]
	b.filed, b.settled, b.token, b.counts, b.expired = false, false, "", counts{}, 0
	b.seq, b.mark, b.folds = 0, 0, 0
}

// aggregate returns the index of a key's aggregate in a window.
func (b *batch[V]) aggregate(name string, window int64) int32 {
	h := maphash.String(b.hashSeed, name) ^ uint64(window)*0x9e3779b97f4a7c15
	i, found := b.byKey.find(h, func(i int32) bool {
		k := &b.aggs[i].key
		return k.At == window && k.Name == name
	})
	if !found {
		i = int32(len(b.aggs))
		b.aggs = append(b.aggs, agg[V]{key: state.Key{Kind: state.Value, Name: name, At: window}})
		b.byKey.put(h, i)
	}
	return i
}

// laneOf returns the index of a record's lane.
func (b *batch[V]) laneOf(arn, shard string) int32 {
	for i := len(b.lanes) - 1; i >= 0; i-- {
		if l := &b.lanes[i]; l.arn == arn && l.shard == shard {
			return int32(i)
		}
	}
	b.lanes = append(b.lanes, lane{arn: arn, shard: shard, queue: strings.Contains(arn, ":sqs:"), table: strings.Contains(arn, ":dynamodb:")})
	return int32(len(b.lanes) - 1)
}

// rewind takes back what a message put in.
func (b *batch[V]) rewind(recs, parts int) {
	clear(b.recs[recs:])
	b.recs, b.parts = b.recs[:recs], b.parts[:parts]
}

// table finds indexes by hash: open addressing, since a map costs several times as much.
type table struct {
	slots []slot
	used  int
}

type slot struct {
	hash  uint64
	index int32 // plus 1
}

func (t *table) reset() {
	if len(t.slots) > 64*(t.used+16) {
		t.slots = nil // one large batch must not make all later ones pay
	}
	clear(t.slots)
	t.used = 0
}

func (t *table) find(hash uint64, same func(int32) bool) (int32, bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	mask := uint64(len(t.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		s := &t.slots[at]
		if s.index == 0 {
			return 0, false
		}
		if s.hash == hash && same(s.index-1) {
			return s.index - 1, true
		}
	}
}

// put adds an index that find did not find.
func (t *table) put(hash uint64, index int32) {
	if 2*(t.used+1) > len(t.slots) {
		old := t.slots
		t.slots = make([]slot, max(16, 2*len(old)))
		for _, s := range old {
			if s.index != 0 {
				t.insert(s)
			}
		}
	}
	t.used++
	t.insert(slot{hash, index + 1})
}

func (t *table) insert(s slot) {
	mask := uint64(len(t.slots) - 1)
	at := s.hash & mask
	for t.slots[at].index != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = s
}
