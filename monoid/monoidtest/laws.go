package monoidtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/weir-go/weir/monoid"
)

// Laws checks everything that package monoid asks of a Monoid, and of the other interfaces that m
// implements:
//
//   - it has a name, always the same
//   - its identity changes nothing; values can be grouped, and swapped unless it is Ordered
//   - Combine changes neither value, also not when its result is changed later
//   - Accumulator does what Combine does, and leaves the value added alone
//   - Additive agrees with the encoding, and with Combine
//   - what Append writes, Decode reads, and keeps nothing of the bytes
//   - Decode refuses damaged bytes, or makes a value of them that can be used: see Hostile
//   - its methods can be called at the same time: run the test with -race
//
// gen makes what a Value function may return: values that can be combined with each other
// without an error. Laws combines some of them to larger ones by itself. Each law is reported
// once, with a seed to replay it.
func Laws[V any](t testing.TB, m monoid.Monoid[V], gen func(r *rand.Rand) V, opts ...Option) {
	t.Helper()
	c := config{rounds: 200}
	for _, o := range opts {
		o.apply(&c)
	}
	if c.seed == 0 {
		c.seed = rand.Uint64()
	}
	l := &laws[V]{t: t, m: m, gen: gen, seed: c.seed, rand: rand.New(rand.NewPCG(c.seed, 1)), broken: map[string]bool{}}
	if c.equal != nil {
		equal, ok := c.equal.(func(a, b V) bool)
		if !ok {
			t.Fatalf("monoidtest: Equal has a %T, which compares no %T", c.equal, *new(V))
		}
		l.equal = equal
	}
	t.Logf("monoidtest: %s: seed %d", m.Name(), c.seed)
	l.try("name", l.name)
	for range c.rounds {
		l.try("identity", l.identity)
		l.try("associativity", l.associativity)
		if _, ordered := m.(monoid.Ordered); !ordered {
			l.try("commutativity", l.commutativity)
		}
		l.try("inputs unchanged", l.unchanged)
		l.try("codec", l.codec)
		if acc, ok := m.(monoid.Accumulator[V]); ok {
			l.try("accumulator", func() { l.accumulator(acc) })
		}
		if add, ok := m.(monoid.Additive[V]); ok {
			l.try("additive", func() { l.additive(add) })
		}
	}
	for range max(c.rounds/20, 1) {
		l.try("hostile bytes", l.hostile)
		if len(l.broken) == 0 { // what changes its inputs is no use here, and a race for sure
			l.try("concurrency", l.concurrency)
		}
	}
}

type laws[V any] struct {
	t      testing.TB
	m      monoid.Monoid[V]
	gen    func(*rand.Rand) V
	equal  func(a, b V) bool // nil to compare encodings
	seed   uint64
	rand   *rand.Rand
	broken map[string]bool // laws that need not be tried again
}

// breach is what a law panics with when it is broken.
type breach string

func breakf(format string, args ...any) { panic(breach(fmt.Sprintf(format, args...))) }

func (l *laws[V]) try(law string, f func()) {
	l.t.Helper()
	if l.broken[law] {
		return
	}
	defer func() {
		l.t.Helper()
		if p := recover(); p != nil {
			l.broken[law] = true
			if b, ok := p.(breach); ok {
				l.t.Errorf("monoidtest: %s: %s: %s (seed %d)", l.m.Name(), law, string(b), l.seed)
			} else {
				l.t.Errorf("monoidtest: %s: %s: panic: %v (seed %d)\n%s", l.m.Name(), law, p, l.seed, stack())
			}
		}
	}()
	f()
}

// value makes a value: the identity now and then, or several of gen's combined.
func (l *laws[V]) value() V {
	switch l.rand.IntN(8) {
	case 0:
		return l.m.Identity()
	case 1, 2, 3:
		v := l.gen(l.rand)
		for range 1 + l.rand.IntN(12) {
			v = l.combine(v, l.gen(l.rand))
		}
		return v
	case 4:
		return l.decode(l.encode(l.gen(l.rand)))
	}
	return l.gen(l.rand)
}

func (l *laws[V]) combine(a, b V) V {
	v, err := l.m.Combine(a, b)
	if err != nil {
		breakf("Combine(%s, %s): %v: gen must make values that can be combined", show(a), show(b), err)
	}
	return v
}

func (l *laws[V]) encode(v V) []byte {
	b, err := l.m.Append(nil, v)
	if err != nil {
		breakf("Append(%s): %v", show(v), err)
	}
	return b
}

func (l *laws[V]) decode(src []byte) V {
	v, err := l.m.Decode(src)
	if err != nil {
		breakf("Decode(%q), which Append wrote: %v", src, err)
	}
	return v
}

func (l *laws[V]) same(a, b V) bool {
	if l.equal != nil {
		return l.equal(a, b)
	}
	return bytes.Equal(l.encode(a), l.encode(b))
}

// is says that v is still what was encoded before.
func (l *laws[V]) is(v V, before []byte) bool {
	return bytes.Equal(l.encode(v), before) || l.equal != nil && l.equal(v, l.decode(before))
}

func (l *laws[V]) name() {
	name := l.m.Name()
	if name == "" {
		breakf("there is none")
	}
	if again := l.m.Name(); again != name {
		breakf("%q, and then %q", name, again)
	}
}

func (l *laws[V]) identity() {
	a := l.value()
	if got := l.combine(l.m.Identity(), a); !l.same(got, a) {
		breakf("Combine(identity, %s) = %s", show(a), show(got))
	}
	if got := l.combine(a, l.m.Identity()); !l.same(got, a) {
		breakf("Combine(%s, identity) = %s", show(a), show(got))
	}
	before := l.encode(l.m.Identity())
	spoilt := l.m.Identity()
	l.change(&spoilt)
	if !l.is(l.m.Identity(), before) {
		breakf("after a change of one identity the next is %s: each must be a value of its own", show(l.m.Identity()))
	}
}

func (l *laws[V]) associativity() {
	a, b, c := l.value(), l.value(), l.value()
	left, right := l.combine(l.combine(a, b), c), l.combine(a, l.combine(b, c))
	if !l.same(left, right) {
		breakf("a = %s, b = %s, c = %s: (ab)c = %s, a(bc) = %s", show(a), show(b), show(c), show(left), show(right))
	}
}

func (l *laws[V]) commutativity() {
	a, b := l.value(), l.value()
	ab, ba := l.combine(a, b), l.combine(b, a)
	if !l.same(ab, ba) {
		breakf("a = %s, b = %s: ab = %s, ba = %s: if the order matters, implement monoid.Ordered", show(a), show(b), show(ab), show(ba))
	}
}

func (l *laws[V]) unchanged() {
	a, b := l.value(), l.value()
	wasA, wasB := l.encode(a), l.encode(b)
	result := l.combine(a, b)
	if !l.is(a, wasA) || !l.is(b, wasB) {
		breakf("Combine changed what it was given: it was %q and %q, and is %s and %s", wasA, wasB, show(a), show(b))
	}
	l.change(&result)
	if !l.is(a, wasA) || !l.is(b, wasB) {
		breakf("a change of Combine's result changed what it was given: it was %q and %q, and is %s and %s", wasA, wasB, show(a), show(b))
	}
}

// change changes a value, in every way that it can or in one: the first way may replace what
// the others would have changed.
func (l *laws[V]) change(v *V) {
	if acc, ok := l.m.(monoid.Accumulator[V]); ok && l.rand.IntN(2) == 0 {
		for range 3 {
			if err := acc.Add(v, l.gen(l.rand)); err != nil {
				breakf("Add(%s): %v: gen must make values that can be combined", show(*v), err)
			}
		}
	}
	scribble(v)
}

func (l *laws[V]) accumulator(acc monoid.Accumulator[V]) {
	a, b, c := l.value(), l.value(), l.value()
	wasB, wasC := l.encode(b), l.encode(c)
	into := l.m.Identity()
	if l.rand.IntN(2) == 0 {
		into = l.decode(l.encode(a))
	} else {
		a = l.m.Identity()
	}
	want := a
	for _, v := range []V{b, c}[:1+l.rand.IntN(2)] {
		want = l.combine(want, v)
		if err := acc.Add(&into, v); err != nil {
			breakf("Add(%s): %v, while Combine has no error", show(v), err)
		}
		if !l.same(into, want) {
			breakf("a = %s, b = %s, c = %s: Add makes %s, Combine makes %s", show(a), show(b), show(c), show(into), show(want))
		}
	}
	l.change(&into)
	if !l.is(b, wasB) || !l.is(c, wasC) {
		breakf("Add, or one after it, changed the value added: it was %q and %q, and is %s and %s", wasB, wasC, show(b), show(c))
	}
}

func (l *laws[V]) additive(add monoid.Additive[V]) {
	a, b := l.value(), l.value()
	if got, want := l.encode(a), strconv.FormatInt(add.Delta(a), 10); string(got) != want {
		breakf("%s is written as %q, and its Delta is %s", show(a), got, want)
	}
	if got, want := add.Delta(l.combine(a, b)), add.Delta(a)+add.Delta(b); got != want {
		breakf("a = %s, b = %s: Delta(ab) = %d, Delta(a) + Delta(b) = %d", show(a), show(b), got, want)
	}
}

func (l *laws[V]) codec() {
	a := l.value()
	before := []byte("before")
	b, err := l.m.Append(bytes.Clone(before), a)
	if err != nil {
		breakf("Append(%s): %v", show(a), err)
	}
	b, ok := bytes.CutPrefix(b, before)
	if !ok {
		breakf("Append(%q, %s) = %q: it must append", before, show(a), b)
	}
	src := bytes.Clone(b)
	got := l.decode(src)
	if !bytes.Equal(src, b) {
		breakf("Decode changed the bytes it was given")
	}
	if !l.same(got, a) {
		breakf("%s is written as %q, and read as %s", show(a), b, show(got))
	}
	for i := range src {
		src[i] ^= 0xff
	}
	if !l.same(got, a) {
		breakf("Decode kept the bytes it was given: after a change of them, %s is %s", show(a), show(got))
	}
}

// concurrency is for the race detector: it finds methods that change what they only read.
func (l *laws[V]) concurrency() {
	a, b := l.value(), l.value()
	src := l.encode(a)
	var g sync.WaitGroup
	for range 4 {
		g.Go(func() {
			_, _ = l.m.Combine(a, b)
			_, _ = l.m.Append(nil, a)
			_, _ = l.m.Decode(src)
			_, _ = l.m.Name(), l.m.Identity()
		})
	}
	g.Wait()
}
