package once_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/weirtest"
)

type order struct {
	ID     string `json:"id"`
	Amount int    `json:"amount"`
}

func (o order) key() string { return o.ID }

var errBoom = errors.New("boom")

// counter counts the runs of a function by key.
type counter struct {
	mu   sync.Mutex
	runs map[string]int
}

func (c *counter) ran(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs == nil {
		c.runs = map[string]int{}
	}
	c.runs[key]++
	return c.runs[key]
}

func (c *counter) want(t *testing.T, want map[string]int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	assert.Equal(t, c.runs, want)
}

// spy is a store that counts calls, and has functions decide about each before it and after it.
type spy struct {
	state.Store
	mu             sync.Mutex
	loads, commits int
	asked          []int                                         // rows of each Load
	before         func(op string, n int, w []state.Write) error // n counts from 1 for each op
	after          func(op string, n int, w []state.Write) error // an answer that is lost
	caps           func(state.Caps) state.Caps
}

func (s *spy) Caps() state.Caps {
	if s.caps != nil {
		return s.caps(s.Store.Caps())
	}
	return s.Store.Caps()
}

func (s *spy) Load(ctx context.Context, p string, keys []state.Key, consistent bool) ([]state.Row, error) {
	s.mu.Lock()
	s.loads++
	n := s.loads
	s.asked = append(s.asked, len(keys))
	s.mu.Unlock()
	if s.before != nil {
		if err := s.before("load", n, nil); err != nil {
			return nil, err
		}
	}
	return s.Store.Load(ctx, p, keys, consistent)
}

func (s *spy) Commit(ctx context.Context, p string, w []state.Write) error {
	return s.commit(w, func() error { return s.Store.Commit(ctx, p, w) })
}

// telling is a spy on a store that tells versions, or what change makes of them.
type telling struct {
	*spy
	change func(versions []uint64) []uint64
}

func (s *telling) CommitVersions(ctx context.Context, p string, w []state.Write) (versions []uint64, err error) {
	err = s.commit(w, func() (err error) {
		versions, err = s.Store.(state.Versioner).CommitVersions(ctx, p, w)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.change(versions), nil
}

func (s *spy) commit(w []state.Write, commit func() error) error {
	s.mu.Lock()
	s.commits++
	n := s.commits
	s.mu.Unlock()
	if s.before != nil {
		if err := s.before("commit", n, w); err != nil {
			return err
		}
	}
	err := commit()
	if err == nil && s.after != nil {
		err = s.after("commit", n, w)
	}
	return err
}

func (s *spy) want(t *testing.T, loads, commits int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loads != loads || s.commits != commits {
		t.Fatalf("%d loads (%v) and %d commits, want %d and %d", s.loads, s.asked, s.commits, loads, commits)
	}
	s.loads, s.commits, s.asked = 0, 0, nil
}

// invoke runs a batch as Lambda would, with 10 s until the deadline.
func invoke(t *testing.T, l weirtest.Lambda, e weirtest.Event) *weirtest.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return weirtest.Run(ctx, l, e)
}

// states are the outcomes of a batch.
func states(r *weirtest.Result) (s []weirtest.State) {
	for _, o := range r.Records {
		s = append(s, o.State)
	}
	return s
}

const (
	ok      = weirtest.Succeeded
	failed  = weirtest.Failed
	dropped = weirtest.Dropped
)

func exit() { runtime.Goexit() }
