package statetest

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/weir-go/weir/state"
)

func adds(t *testing.T, b *bench) {
	b.only(t, b.Caps().Adds, "Adds")
	k := value("n")
	b.commit(t, nil, add(k, 7))
	first := b.want(t, k, "7")
	b.commit(t, nil, add(k, -10))
	second := b.want(t, k, "-3")
	if first.Version == second.Version {
		t.Error("an Add left the version as it was")
	}
	b.commit(t, nil, add(k, 0))
	b.want(t, k, "-3")
	b.commit(t, nil, add(k, math.MaxInt64))
	b.want(t, k, strconv.FormatInt(math.MaxInt64-3, 10))
	b.commit(t, nil, add(value("min"), math.MinInt64))
	b.want(t, value("min"), strconv.FormatInt(math.MinInt64, 10))
	big := int64(1<<53 + 1) // no double holds it
	b.commit(t, nil, add(value("big"), big))
	b.commit(t, nil, add(value("big"), 2))
	b.want(t, value("big"), strconv.FormatInt(big+2, 10))
	if b.Caps().OnlyAdds {
		return
	}
	m := value("written")
	b.commit(t, nil, put(m, 0, "40"))
	b.commit(t, nil, add(m, 2))
	r := b.want(t, m, "42")
	b.commit(t, nil, put(m, r.Version, "text"))
	b.want(t, m, "text")
}

func addRefused(t *testing.T, b *bench) {
	b.only(t, b.Caps().Adds && b.Caps().Atomic == state.PerBatch, "Adds and batches as a whole")
	top, bottom, other := value("top"), value("bottom"), value("other")
	b.commit(t, nil, add(top, math.MaxInt64), add(bottom, math.MinInt64))
	b.commit(t, state.ErrOverflow, add(other, 1), add(top, 1))
	b.commit(t, state.ErrOverflow, add(bottom, -1), add(other, 1))
	b.want(t, other, "-")
	b.want(t, top, strconv.FormatInt(math.MaxInt64, 10))
	b.want(t, bottom, strconv.FormatInt(math.MinInt64, 10))
	if b.Caps().OnlyAdds {
		return
	}
	for i, text := range []string{"", "x", "1.5", "9223372036854775808", "01", "+1"} {
		k := value(fmt.Sprint("t", i))
		b.commit(t, nil, put(k, 0, text))
		b.commit(t, state.ErrNotNumber, add(other, 1), add(k, 1))
		b.want(t, k, text)
	}
	b.want(t, other, "-")
}
