package dynamodb

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

// randomNumber is in range, often near its ends, often of few digits.
func randomNumber(r *rand.Rand) string {
	digits := make([]byte, 1+r.IntN(maxDigits))
	for i := range digits {
		digits[i] = '0' + byte(r.IntN(10))
	}
	s := string(digits)
	if r.IntN(3) == 0 {
		s = s[:min(3, len(s))] + strings.Repeat("0", r.IntN(20))
	}
	if at := r.IntN(len(s) + 1); at < len(s) {
		s = s[:at] + "." + s[at:]
	}
	if r.IntN(2) == 0 {
		s = "-" + s
	}
	switch r.IntN(4) {
	case 0:
		s += "E" + big.NewInt(int64(r.IntN(60)-30)).String()
	case 1:
		s += "e+" + big.NewInt(int64(r.IntN(85))).String()
	}
	return s
}

func rational(t *testing.T, s string) *big.Rat {
	t.Helper()
	q, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return q
}

// Numbers compare, add and print as rationals do.
func TestNumbersAreExact(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	added := 0
	for range 20000 {
		s1, s2 := randomNumber(r), randomNumber(r)
		a, err := parseNumber(s1)
		if err != nil {
			t.Fatalf("%s: %v", s1, err)
		}
		b, err := parseNumber(s2)
		if err != nil {
			t.Fatalf("%s: %v", s2, err)
		}
		q1, q2 := rational(t, s1), rational(t, s2)
		if rational(t, a.String()).Cmp(q1) != 0 {
			t.Fatalf("%s is written as %s", s1, a)
		}
		if again, err := parseNumber(a.String()); err != nil || again != a {
			t.Fatalf("%s is read back as %v, %v", a, again, err)
		}
		if got, want := a.compare(b), q1.Cmp(q2); (got < 0) != (want < 0) || (got > 0) != (want > 0) {
			t.Fatalf("%s compared with %s is %d", s1, s2, got)
		}
		sum, err := a.add(b)
		if err != nil {
			continue
		}
		added++
		if rational(t, sum.String()).Cmp(new(big.Rat).Add(q1, q2)) != 0 {
			t.Fatalf("%s + %s is %s", s1, s2, sum)
		}
		if back, err := sum.add(b.negate()); err == nil && back != a {
			t.Fatalf("%s + %s - %s is %s", s1, s2, s2, back)
		}
	}
	if added < 1000 {
		t.Errorf("only %d sums had few enough digits", added)
	}
}

// The source gives: one byte, and one for every two digits.
func TestSizes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		v    value
		want int
	}{
		{text(kindN, "0"), 1},
		{text(kindN, "7"), 2},
		{text(kindN, "100"), 2},
		{text(kindN, "12345"), 4},
		{text(kindN, "-12345"), 5},
		{text(kindN, strings.Repeat("9", 38)), 20},
		{text(kindS, "é"), 2},
		{text(kindB, "\x00\x01\x02"), 3},
		{value{kind: kindNull}, 1},
		{value{kind: kindBool}, 1},
		{value{kind: kindL}, 3},
		{value{kind: kindL, list: []value{{kind: kindNull}, text(kindS, "ab")}}, 3 + 1 + 1 + 1 + 2},
		{value{kind: kindM, fields: item{"key": text(kindS, "ab")}}, 3 + 1 + 3 + 2},
		{value{kind: kindSS, set: []string{"a", "bc"}}, 3},
		{value{kind: kindNS, set: []string{"1", "23"}}, 4},
	} {
		if got := tt.v.size(); got != tt.want {
			t.Errorf("size of %s is %d, want %d", tt.v.append(nil), got, tt.want)
		}
	}
	if len(reserved) != 573 {
		t.Errorf("%d reserved words, AWS has 573", len(reserved))
	}
}

// A query's rows are found by searching; they must be those that meet the condition.
func TestBounds(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	word := func() value {
		b := make([]byte, 1+r.IntN(3))
		for i := range b {
			b[i] = "ab\xff"[r.IntN(3)]
		}
		return text(kindB, string(b))
	}
	s := schema{hash: keyAttribute{"pk", kindS, maxHash}, sort: keyAttribute{"sk", kindB, maxSort}}
	for range 2000 {
		p := newPartition("p")
		for range r.IntN(12) {
			it := item{"pk": text(kindS, "p"), "sk": word()}
			at := s.at(key{"p", it["sk"].text}, it)
			at.item = it
			p.set(at)
		}
		low, high := word(), word()
		if order, _ := low.compare(high); order > 0 {
			low, high = high, low
		}
		for _, op := range []string{"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"} {
			c := &condition{op: op, args: []operand{{path: path{{name: "sk"}}}, {literal: &low}, {literal: &high}}}
			from, to := c.bounds(p.rows, "sk")
			for i, at := range p.rows {
				if met := c.holds(at.item); met != (i >= from && i < to) {
					t.Fatalf("%q %s %q %q: met is %v, found are %d to %d, this is %d", at.key.sort, op, low.text, high.text, met, from, to, i)
				}
			}
		}
	}
}
