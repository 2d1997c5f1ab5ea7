package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
)

// dying is a store whose process is killed at one of its calls, or before the answer.
type dying struct {
	state.Store
	mu    sync.Mutex
	calls int // left
	late  bool
	kill  context.CancelFunc
}

var errKilled = errors.New("killed")

func (d *dying) call(do func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.calls--; d.calls > 0 {
		return do()
	}
	if d.calls == 0 && d.late {
		_ = do()
	}
	if d.kill != nil {
		d.kill()
	}
	return errKilled
}

func (d *dying) Load(ctx context.Context, name string, keys []state.Key, consistent bool) (rows []state.Row, err error) {
	err = d.call(func() error { rows, err = d.Store.Load(ctx, name, keys, consistent); return err })
	return rows, err
}

func (d *dying) Commit(ctx context.Context, name string, writes []state.Write) error {
	return d.call(func() error { return d.Store.Commit(ctx, name, writes) })
}

// A replay that is killed again and again, at any call, is exact once one comes through.
func TestReplayKilled(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	kills := 0
	for range 40 {
		all := someSales(1 + rng.IntN(400))
		store := mem.New()
		define := []func(state.Store) *pipeline.Pipeline[sale, int64]{sales, byID}[rng.IntN(2)]
		for run := 0; ; run++ {
			ctx, cancel := context.WithCancel(t.Context())
			d := &dying{Store: store, calls: 1 + rng.IntN(20), late: rng.IntN(2) == 0}
			if rng.IntN(2) == 0 {
				d.kill = cancel
			}
			if run == 10 {
				d.calls = 1 << 30
			}
			p := define(d)
			r, err := pipeline.Replay(ctx, p, inThree(all), pipeline.ReplayBatch(1+rng.IntN(60)))
			cancel()
			if err == nil {
				assert.Equal(t, r.Merged+r.Duplicates, int64(len(all)))
				break
			}
			kills++
			var stopped *pipeline.ReplayError
			assert.Equal(t, errors.As(err, &stopped), true, err)
			assert.Equal(t, errors.Is(err, errKilled) || errors.Is(err, context.Canceled), true, err)
		}
		assert.Equal(t, totals(t, define(store)), fold(all))
	}
	if kills < 40 {
		t.Errorf("%d kills: the test tests little", kills)
	}
}

func TestReplaySaysWhereItStopped(t *testing.T) {
	t.Parallel()
	all := someSales(90)
	store := mem.New()
	d := &dying{Store: store, calls: 12}
	r, err := pipeline.Replay(t.Context(), sales(d), inThree(all), pipeline.ReplayBatch(10))
	var stopped *pipeline.ReplayError
	assert.Equal(t, errors.As(err, &stopped), true)
	assert.Equal(t, errors.Is(err, errKilled), true)
	assert.Equal(t, stopped.Archive, "backup/b.json.gz")
	assert.Error(t, err, "and can be run again, which counts nothing twice", "killed")
	done := int(stopped.Line) + 30
	assert.Equal(t, r.Records, int64(done))
	assert.Equal(t, totals(t, sales(store)), fold(all[:done]))
}

// refusing does not take rows of a name.
type refusing struct {
	state.Store
	name string // "" for all
}

func (r refusing) Commit(ctx context.Context, name string, writes []state.Write) error {
	for _, w := range writes {
		opens := w.Kind == state.Meta && w.Version == 0
		if r.name == "" && !opens || w.Kind == state.Value && r.name == w.Name {
			return fmt.Errorf("%w: read only", state.ErrRefused)
		}
	}
	return r.Store.Commit(ctx, name, writes)
}

func TestReplayRefused(t *testing.T) {
	t.Parallel()
	r, err := pipeline.Replay(t.Context(), sales(refusing{mem.New(), ""}), inThree(someSales(300)), pipeline.ReplayBatch(60))
	assert.Error(t, err, "before the first record was done", "read only")
	assert.Equal(t, r, pipeline.ReplayResult{})

	// Where others are taken it is the records' fault.
	r, err = pipeline.Replay(t.Context(), sales(refusing{mem.New(), "shop0"}), inThree(someSales(600)), pipeline.ReplayBatch(60))
	assert.NoError(t, err)
	assert.Equal(t, r.Failed, 120)
	assert.Equal(t, r.Merged, 480)
}

// Large lines make small batches.
func TestReplayBoundsMemory(t *testing.T) {
	t.Parallel()
	line := `{"shop":"a","amount":1,"note":"` + strings.Repeat("x", 1<<20) + "\"}\n"
	batches := 0
	r, err := pipeline.Replay(t.Context(), sales(mem.New()), archives(map[string][]byte{"a": []byte(strings.Repeat(line, 20))}),
		pipeline.Progress(0, func(pipeline.ReplayProgress) { batches++ }))
	assert.NoError(t, err)
	assert.Equal(t, r.Merged, 20)
	assert.Equal(t, batches, 3+1)
}

func TestReplayOfCorruptArchives(t *testing.T) {
	t.Parallel()
	all := someSales(2000)
	whole := gzipped(lines(all[1000:]))
	files := map[string][]byte{"a": lines(all[:1000]), "b": whole[:len(whole)/2]}
	p := sales(mem.New())
	r, err := pipeline.Replay(t.Context(), p, archives(files), pipeline.CheckFirst())
	assert.Error(t, err, "before the first record was done", "backup/b: line ", "the archive is cut short")
	assert.Equal(t, r, pipeline.ReplayResult{})
	assert.Equal(t, totals(t, p), map[string]int64{})

	r, err = pipeline.Replay(t.Context(), sales(mem.New()), archives(files))
	assert.Error(t, err, "before the first record was done", "the archive is cut short")
	assert.Equal(t, r, pipeline.ReplayResult{}) // a batch that was broken off may be wrong

	r, err = pipeline.Replay(t.Context(), p, archives(files), pipeline.ReplayBatch(100))
	assert.Error(t, err, "behind backup/b, line ", "the archive is cut short")
	assert.Equal(t, r.Merged > 1000 && r.Merged < 2000, true)

	files["b"] = whole
	r, err = pipeline.Replay(t.Context(), p, archives(files), pipeline.CheckFirst())
	assert.NoError(t, err)
	assert.Equal(t, r.Merged+r.Duplicates, 2000)
	assert.Equal(t, totals(t, p), fold(all))
}

// looseStore commits without promises, so that a Deduper has to decide.
type looseStore struct{ state.Store }

func (looseStore) Caps() state.Caps { return state.Caps{} }

// What a killed replay has claimed is waited for until its lease ends.
func TestReplayWaitsForLeases(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := someSales(50)
		store := mem.New()
		p := sales(looseStore{store})
		dedup := mem.NewDeduper()
		p.Dedup = dedup
		ids := []string{"archive/backup/a#3", "archive/backup/a#50"}
		_, err := dedup.Claim(t.Context(), "sales", "dead", ids, time.Minute)
		assert.NoError(t, err)
		begin := time.Now()
		source := archives(map[string][]byte{"a": lines(all)})
		r, err := pipeline.Replay(t.Context(), p, source)
		assert.NoError(t, err)
		assert.Equal(t, r, pipeline.ReplayResult{Records: 50, Merged: 50})
		if took := time.Since(begin); took < time.Minute || took > 2*time.Minute {
			t.Errorf("it took %v", took)
		}
		r, err = pipeline.Replay(t.Context(), p, source)
		assert.NoError(t, err)
		assert.Equal(t, r, pipeline.ReplayResult{Records: 50, Duplicates: 50})
		assert.Equal(t, totals(t, sales(store)), fold(all))

		// One that lives on does not keep it waiting for ever.
		_, err = dedup.Claim(t.Context(), "sales", "alive", []string{"archive/backup/b#1"}, time.Hour)
		assert.NoError(t, err)
		r, err = pipeline.Replay(t.Context(), p, archives(map[string][]byte{"b": lines(all)}))
		assert.NoError(t, err)
		assert.Equal(t, r.Failed, 1)
		assert.Equal(t, errors.Is(r.Failures[0], pipeline.ErrBusy), true)
	})
}
