package pipeline

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir/internal/siphash"
	"github.com/weir-go/weir/state"
)

// Receipts says how long a pipeline remembers which records it has merged.
type Receipts struct {
	// Keep is how long after its last use a receipt is kept. It must be longer than the same
	// record can come again: the retention of the source, plus the age of what is redriven
	// from a dead letter queue. Zero is DefaultKeep.
	//
	// A million records take about 12 MB where they come close together: receipts are rows of one
	// shard (of a source without shards, an eighth) and five seconds of arrival (a queue's, one
	// second), with 12 bytes a record. A record that stands alone has a row of its own, 60 bytes and
	// what a row costs the store.
	//
	// Invocations of one shard at the same time, as with a parallelization factor, take turns at the
	// receipt of the moment: larger batches do more for throughput than a larger factor.
	Keep time.Duration
}

// DefaultKeep covers a queue's longest retention (14 days) and a dead letter queue's after it.
const DefaultKeep = 30 * 24 * time.Hour

// A receipt is a trie of pages. The identifiers of a lane (a shard, say) and a slot of time
// go into its root; once that is full it is never changed again, and further ones go into its
// children, by their bits, and so on. So an identifier is on its path or nowhere, and a page
// is small enough to be written with each batch. A child may be written by the very commit that
// fills its parent, never by an earlier one.
const (
	pageSize = 1024 // identifiers: 12 kB, so that small batches do not write much
	fanBits  = 3
	fan      = 1 << fanBits
	idSize   = 12 // bytes: among 1024 identifiers, the odds that two meet are 1 to 10^23
	pageHead = 1  // version
	maxDepth = 20 // what idSize has bits for
)

// fingerprint stands for an identifier.
type fingerprint struct {
	lo uint64
	hi uint32
}

func fingerprintOf(salt *siphash.Key, id string) fingerprint {
	lo, hi := siphash.Sum128(salt, id)
	return fingerprint{lo, uint32(hi)}
}

// branch is which child of a page at a depth the identifier belongs to.
func (f fingerprint) branch(depth int) int { return int(f.lo>>(fanBits*depth)) & (fan - 1) }

func (f fingerprint) append(dst []byte) []byte {
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint64(dst, f.lo), f.hi)
}

var errReceipt = errors.New("pipeline: a receipt in the store is damaged")

// page is a page of a receipt during one batch.
type page struct {
	key      state.Key
	root     int32 // index of its root
	parent   int32 // index of the page above, 0 for none
	depth    int
	children [fan]int32 // indexes, 0 for none: a root is nobody's child
	row      state.Row
	loaded   bool
	queued   bool // about to be
	err      error
	count    int     // identifiers in row
	planned  int     // records of the group that have their place here
	fresh    int     // those that are to be added
	write    int     // index of the write that does
	is       rootKey // of a root
	mark     uint32
}

func (p *page) load(r state.Row) {
	p.row, p.loaded, p.queued, p.err = r, true, false, nil
	p.count = 0
	if r.Version == 0 {
		return
	}
	if n := len(r.Data) - pageHead; n < 0 || n%idSize != 0 || r.Data[0] != 1 {
		p.err = fmt.Errorf("%w: %q at %d, %d bytes", errReceipt, p.key.Name, p.key.At, len(r.Data))
		return
	}
	p.count = (len(r.Data) - pageHead) / idSize
}

// all calls f for each identifier on the page.
func (p *page) all(f func(fingerprint)) {
	for d := p.row.Data[min(pageHead, len(p.row.Data)):]; len(d) >= idSize; d = d[idSize:] {
		f(fingerprint{binary.LittleEndian.Uint64(d), binary.LittleEndian.Uint32(d[8:])})
	}
}

// filled is the page's data, with room for more identifiers.
func (p *page) filled(more int) []byte {
	out := make([]byte, 0, max(pageHead, len(p.row.Data))+more*idSize)
	if p.row.Version == 0 {
		return append(out, 1)
	}
	return append(out, p.row.Data...)
}

// childName names the page below another. A zero byte ends the lane's name.
func (p *page) childName(branch int) string {
	name := make([]byte, 0, len(p.key.Name)+2)
	name = append(name, p.key.Name...)
	if p.depth == 0 {
		name = append(name, 0)
	}
	return string(append(name, '0'+byte(branch)))
}

// laneName names the lane of a receipt: its source and a part of it.
func laneName(salt *siphash.Key, source, part string) string {
	const most = state.MaxName - 64
	if len(source)+len(part) > most { // a long name of a source of the user's own
		lo, hi := siphash.Sum128(salt, source+"\x00"+part)
		return fmt.Sprintf("%016x%016x", lo, hi)
	}
	return string(bytes.Join([][]byte{[]byte(source), []byte(part)}, []byte{'\n'}))
}
