package monoidtest

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"github.com/weir-go/weir/monoid"
)

// Hostile has m decode bytes that anybody may have written, as a fuzz target does. Decode must
// not panic, and not allocate more than 128 bytes for each that it is given, and 16 KiB. If it
// takes the bytes for a value, that must be one: Append can write it and Decode read it again,
// and combining it with the identity does not panic.
func Hostile[V any](t testing.TB, m monoid.Monoid[V], src []byte) {
	t.Helper()
	if problem := hostile(m, src); problem != "" {
		t.Errorf("monoidtest: %s: hostile bytes: %s", m.Name(), problem)
	}
}

const (
	perByte = 128
	atAll   = 16 << 10
)

func hostile[V any](m monoid.Monoid[V], src []byte) (problem string) {
	defer func() {
		if p := recover(); p != nil {
			problem = fmt.Sprintf("%d bytes %s make it panic: %v\n%s", len(src), clip(fmt.Sprintf("%x", src)), p, stack())
		}
	}()
	given := bytes.Clone(src)
	var v V
	var err error
	limit := uint64(atAll + perByte*len(src))
	if n := allocated(limit, func() { v, err = m.Decode(given) }); n > limit {
		return fmt.Sprintf("%d bytes %s make it allocate %d bytes", len(src), clip(fmt.Sprintf("%x", src)), n)
	}
	if err != nil {
		return ""
	}
	b, err := m.Append(nil, v)
	if err != nil {
		return fmt.Sprintf("%x is decoded to %s, which Append refuses: %v", src, show(v), err)
	}
	if _, err := m.Decode(b); err != nil {
		return fmt.Sprintf("%x is decoded to %s, which is written as %x, which Decode refuses: %v", src, show(v), b, err)
	}
	_, _ = m.Combine(v, m.Identity())
	_, _ = m.Combine(v, v)
	return ""
}

// allocated returns how many bytes f allocates. Others may allocate meanwhile, and the runtime
// counts for all; so what exceeds the limit is measured again.
func allocated(limit uint64, f func()) uint64 {
	const tries = 8
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	least := ^uint64(0)
	for i := 0; i < tries && least > limit; i++ {
		metrics.Read(sample)
		before := sample[0].Value.Uint64()
		f()
		metrics.Read(sample)
		least = min(least, sample[0].Value.Uint64()-before)
	}
	return least
}

// hostile tries encodings that were cut off, extended, and damaged, and bytes at random.
func (l *laws[V]) hostile() {
	good := l.encode(l.value())
	try := func(src []byte) {
		if problem := hostile(l.m, src); problem != "" {
			panic(breach(problem))
		}
	}
	try(nil)
	for range 40 {
		try(good[:l.rand.IntN(len(good)+1)])
	}
	for range 200 {
		b := bytes.Clone(good)
		for range min(1+l.rand.IntN(3), len(b)) {
			// Lengths and counts are mostly at the beginning.
			b[l.rand.IntN(min(len(b), 1+l.rand.IntN(len(b))))] ^= 1 << l.rand.IntN(8)
		}
		try(b)
	}
	try(append(bytes.Clone(good), 0))
	for range 200 {
		b := make([]byte, l.rand.IntN(64))
		for i := range b {
			b[i] = byte(l.rand.Uint32())
		}
		// What begins well is looked at for longer.
		n := min(l.rand.IntN(4), len(b), len(good))
		copy(b[:n], good)
		try(b)
	}
}

func stack() string { return clip(string(debug.Stack())) }
