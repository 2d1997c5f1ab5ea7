package statetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir/state"
)

// versioner returns the store as a state.Versioner, or ends the check.
func (b *bench) versioner(t *testing.T) state.Versioner {
	t.Helper()
	v, ok := b.Store.(state.Versioner)
	b.only(t, ok, "CommitVersions")
	return v
}

// tell commits, and checks that the versions that are told are those that Load gives.
func (b *bench) tell(t *testing.T, writes ...state.Write) []uint64 {
	t.Helper()
	versions, err := b.versioner(t).CommitVersions(t.Context(), b.pipeline, writes)
	if err != nil || len(versions) != len(writes) {
		t.Fatalf("CommitVersions: %d versions for %d writes, %v", len(versions), len(writes), err)
	}
	var ks []state.Key
	for _, w := range writes {
		ks = append(ks, w.Key)
	}
	rows, err := b.Load(t.Context(), b.pipeline, ks, true)
	if err != nil || len(rows) != len(ks) {
		t.Fatalf("Load: %d rows, %v", len(rows), err)
	}
	for i, r := range rows {
		w := writes[i]
		if r.Version == 0 || r.Version != versions[i] || !w.Add && string(r.Data) != string(w.Data) || !r.Expires.Equal(w.Expires) {
			t.Fatalf("CommitVersions told version %d of %+v, whose row is %+v", versions[i], w, r)
		}
	}
	return versions
}

// toldVersions: what is told of a row is its Version, and is enough to write it again.
func toldVersions(t *testing.T, b *bench) {
	b.versioner(t)
	if b.Caps().Adds {
		one := b.tell(t, add(value("n"), 7))[0]
		two := b.tell(t, add(value("n"), -9))[0]
		b.want(t, value("n"), "-2")
		if one == two {
			t.Error("an Add left the version as it was")
		}
	}
	b.only(t, !b.Caps().OnlyAdds, "rows of any data")
	k := value("one")
	seen := map[uint64]bool{}
	for i, last := 0, uint64(0); i < 5; i++ {
		w := put(k, last, "the same")
		w.Expires = time.Now().Add(time.Duration(i) * time.Hour).Truncate(time.Second)
		if i < 2 {
			w.Expires = time.Time{}
		}
		if last = b.tell(t, w)[0]; seen[last] {
			t.Errorf("version %d came again", last)
		}
		seen[last] = true
	}
	b.only(t, b.Caps().Atomic == state.PerBatch, "batches as a whole")
	var writes []state.Write
	for i := range 8 {
		writes = append(writes, put(state.Key{Kind: state.Kind(1 + i%3), Name: fmt.Sprint("k", i%4), At: int64(i)}, 0, fmt.Sprint(i)))
	}
	for round := range 4 { // each row at a version of its own, in stores that give one version to a Commit too
		for i := range writes {
			if i%(round+1) == 0 {
				writes[i].Version = b.tell(t, writes[i])[0]
			}
		}
		slices.Reverse(writes)
		for i, v := range b.tell(t, writes...) {
			writes[i].Version = v
		}
	}
	if b.Caps().Adds {
		n := put(value("mixed"), b.tell(t, add(value("mixed"), 5), writes[0])[0], "8")
		b.tell(t, n)
		writes[1].Version = b.tell(t, add(value("mixed"), 1), writes[1], add(value("other"), 2))[1]
		b.want(t, value("mixed"), "9")
		b.tell(t, writes[1])
	}
}

// untold: a commit that is not applied tells nothing but its error, which is Commit's.
func untold(t *testing.T, b *bench) {
	v := b.versioner(t)
	refuse := func(ctx context.Context, want error, writes ...state.Write) {
		t.Helper()
		versions, err := v.CommitVersions(ctx, b.pipeline, writes)
		if err == nil || want != nil && !errors.Is(err, want) || versions != nil {
			t.Fatalf("CommitVersions: %v, %v, want %v", versions, err, want)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	refuse(gone, nil, add(value("gone"), 1))
	a, c, n := value("a"), value("c"), value("n")
	if !b.Caps().OnlyAdds {
		refuse(gone, nil, put(a, 0, "a"))
		refuse(t.Context(), state.ErrConflict, put(a, 7, "no row has this version"))
		va := b.tell(t, put(a, 0, "a"))[0]
		refuse(t.Context(), state.ErrConflict, put(a, 0, "exists"))
		refuse(t.Context(), state.ErrConflict, put(a, va+1, "another version"))
		if b.Caps().Atomic == state.PerBatch {
			refuse(t.Context(), state.ErrConflict, put(c, 0, "c"), put(a, va+1, "another version"))
			refuse(t.Context(), state.ErrConflict, put(a, va, "new"), put(c, 9, "no row has this version"))
		}
		b.want(t, a, "a")
		b.want(t, c, "-")
	}
	b.only(t, b.Caps().Adds && b.Caps().Atomic == state.PerBatch, "Adds and batches as a whole")
	b.tell(t, add(n, math.MaxInt64))
	refuse(t.Context(), state.ErrOverflow, add(n, 1))
	refuse(t.Context(), state.ErrOverflow, add(c, 1), add(n, 1))
	if !b.Caps().OnlyAdds {
		refuse(t.Context(), state.ErrNotNumber, add(c, 1), add(a, 1))
		b.want(t, a, "a")
	}
	b.want(t, n, strconv.FormatInt(math.MaxInt64, 10))
	b.want(t, c, "-")
}

// toldAtOnce has writers count by what they are told, and read only when somebody else was faster.
func toldAtOnce(t *testing.T, b *bench) {
	v := b.versioner(t)
	b.only(t, !b.Caps().OnlyAdds && b.Caps().Atomic == state.PerBatch, "batches as a whole")
	k := value("count")
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			var is state.Row
			x := 0
			for n := 0; n < 5; {
				versions, err := v.CommitVersions(t.Context(), b.pipeline, []state.Write{put(k, is.Version, strconv.Itoa(x+1))})
				if errors.Is(err, state.ErrConflict) {
					rows, err := b.Load(t.Context(), b.pipeline, []state.Key{k}, true)
					if err != nil || len(rows) != 1 {
						t.Error(len(rows), "rows,", err)
						return
					}
					is = rows[0]
					x, _ = strconv.Atoi(string(is.Data))
					continue
				}
				if err != nil || len(versions) != 1 {
					t.Error(versions, err)
					return
				}
				is.Version = versions[0]
				x++
				n++
				mu.Lock()
				if seen[is.Version] {
					t.Errorf("version %d was told to two", is.Version)
				}
				seen[is.Version] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if r := b.want(t, k, fmt.Sprint(5*writers)); !seen[r.Version] {
		t.Errorf("version %d was told to nobody", r.Version)
	}
}
