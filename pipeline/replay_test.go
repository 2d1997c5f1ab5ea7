package pipeline_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/archive"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// sale is what archives of these tests have.
type sale struct {
	ID     string    `json:"id"`
	Shop   string    `json:"shop"`
	Amount int64     `json:"amount"`
	At     time.Time `json:"at"`
}

func sales(store state.Store) *pipeline.Pipeline[sale, int64] {
	return &pipeline.Pipeline[sale, int64]{
		Name:      "sales",
		Key:       func(s sale) string { return s.Shop },
		Value:     func(s sale) int64 { return s.Amount },
		Aggregate: monoid.Sum[int64](),
		StoreIn:   store,
		Retry:     pipeline.Retry{Attempts: 1},
	}
}

func byID(store state.Store) *pipeline.Pipeline[sale, int64] {
	p := sales(store)
	p.ID = func(s sale) string { return s.ID }
	p.Time = func(s sale) time.Time { return s.At }
	p.Window = pipeline.Daily(0)
	return p
}

// someSales makes n sales, the i-th of 2^i mod a prime, so that no wrong subset has the right sum.
func someSales(n int) []sale {
	all := make([]sale, n)
	x := int64(1)
	for i := range all {
		x = x * 3 % 1_000_000_007
		at := time.Date(2024, 2, 28, 23, 0, 0, 0, time.UTC).Add(time.Duration(i) * 7 * time.Second)
		all[i] = sale{fmt.Sprintf("s%06d", i), fmt.Sprintf("shop%d", i%5), x, at}
	}
	return all
}

func lines(all []sale) []byte {
	var b bytes.Buffer
	for _, s := range all {
		_ = json.NewEncoder(&b).Encode(s)
	}
	return b.Bytes()
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(data)
	_ = z.Close()
	return b.Bytes()
}

// archives is a source of files by name.
func archives(files map[string][]byte) *archive.Source {
	disk := fstest.MapFS{}
	for name, data := range files {
		disk[name] = &fstest.MapFile{Data: data}
	}
	return archive.FS("backup", disk)
}

// inThree spreads sales over three archives, one of them compressed.
func inThree(all []sale) *archive.Source {
	n := len(all) / 3
	return archives(map[string][]byte{"a.json": lines(all[:n]), "b.json.gz": gzipped(lines(all[n : 2*n])), "c.json": lines(all[2*n:])})
}

// totals is what the store has by shop, in all windows.
func totals(t *testing.T, p *pipeline.Pipeline[sale, int64]) map[string]int64 {
	t.Helper()
	got := map[string]int64{}
	for key, err := range p.AllKeys(t.Context()) {
		assert.NoError(t, err)
		var r pipeline.Reading[int64]
		if p.Window.Size == 0 {
			r, err = p.Get(t.Context(), key)
		} else {
			r, err = p.Range(t.Context(), key, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
		}
		assert.NoError(t, err)
		got[key] = r.Value
	}
	return got
}

// fold is what totals has to be.
func fold(all []sale) map[string]int64 {
	want := map[string]int64{}
	for _, s := range all {
		want[s.Shop] += s.Amount
	}
	return want
}

func TestF42_ReplayKeepsEventTime(t *testing.T) {
	t.Parallel()
	const line = `{"shop":"a","amount":5,"at":"2024-03-01T12:00:00Z"}` + "\n"
	day := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	window := func(t *testing.T, p *pipeline.Pipeline[sale, int64], day time.Time) int64 {
		t.Helper()
		r, err := p.Range(t.Context(), "a", day, day.Add(24*time.Hour))
		assert.NoError(t, err)
		return r.Value
	}
	t.Run("of the event", func(t *testing.T) {
		t.Parallel()
		p := sales(mem.New())
		p.Window, p.Time = pipeline.Daily(0), func(s sale) time.Time { return s.At }
		r, err := pipeline.Replay(t.Context(), p, archives(map[string][]byte{"plain": []byte(line), "gzip": gzipped([]byte(line))}))
		assert.NoError(t, err)
		assert.Equal(t, r, pipeline.ReplayResult{Records: 2, Merged: 2})
		assert.Equal(t, window(t, p, day), 10)
		assert.Equal(t, window(t, p, time.Now().UTC().Truncate(24*time.Hour)), 0)
	})
	t.Run("of the path", func(t *testing.T) {
		t.Parallel()
		p := sales(mem.New())
		p.Window = pipeline.Daily(0)
		_, err := pipeline.Replay(t.Context(), p, archives(map[string][]byte{"2024/03/02/23/part": gzipped([]byte(line))}))
		assert.NoError(t, err)
		assert.Equal(t, window(t, p, day.Add(24*time.Hour)), 5)
		assert.Equal(t, window(t, p, time.Now().UTC().Truncate(24*time.Hour)), 0)
	})
	t.Run("of nobody", func(t *testing.T) {
		t.Parallel()
		p := sales(mem.New())
		p.Window = pipeline.Daily(0)
		r, err := pipeline.Replay(t.Context(), p, archives(map[string][]byte{"part": []byte(line)}))
		assert.Error(t, err, `pipeline "sales": the replay stopped before the first record was done`, "backup/part: line 1 has no time", "set the pipeline's Time")
		assert.Equal(t, r.Merged, 0)
		assert.Equal(t, totals(t, p), map[string]int64{})
		p = sales(mem.New()) // without windows there is no wrong one
		_, err = pipeline.Replay(t.Context(), p, archives(map[string][]byte{"part": []byte(line)}))
		assert.NoError(t, err)
		assert.Equal(t, totals(t, p), map[string]int64{"a": 5})
	})
}

func TestReplayTwice(t *testing.T) {
	t.Parallel()
	all := someSales(1000)
	for name, p := range map[string]*pipeline.Pipeline[sale, int64]{"by line": sales(mem.New()), "by ID": byID(mem.New())} {
		for run, want := range []pipeline.ReplayResult{{Records: 1000, Merged: 1000}, {Records: 1000, Duplicates: 1000}} {
			r, err := pipeline.Replay(t.Context(), p.Clone(), inThree(all), pipeline.ReplayBatch(100+run))
			assert.NoError(t, err)
			assert.Equal(t, r, want, name)
			assert.Equal(t, totals(t, p), fold(all), name)
		}
	}
}

// One event twice in the archives counts once if it has an ID, and twice if it has none: then they
// are two lines.
func TestReplayOfCopies(t *testing.T) {
	t.Parallel()
	all := someSales(10)
	source := archives(map[string][]byte{"a": lines(all), "b": gzipped(lines(all))})
	r, err := pipeline.Replay(t.Context(), byID(mem.New()), source)
	assert.NoError(t, err)
	assert.Equal(t, r, pipeline.ReplayResult{Records: 20, Merged: 10, Duplicates: 10})
	r, err = pipeline.Replay(t.Context(), sales(mem.New()), source)
	assert.NoError(t, err)
	assert.Equal(t, r, pipeline.ReplayResult{Records: 20, Merged: 20})
}

func TestReplayFailures(t *testing.T) {
	t.Parallel()
	all := someSales(300)
	text := bytes.Split(bytes.TrimSpace(lines(all)), []byte("\n"))
	var good []sale
	bad := map[int64]string{}
	for i := range text {
		switch {
		case i == 7:
			text[i] = []byte(`{"shop":"panic"}`)
			bad[int64(i+1)] = "panic: no such shop"
		case i%2 == 0:
			text[i] = text[i][:20]
			bad[int64(i+1)] = "undecodable: "
		default:
			good = append(good, all[i])
		}
	}
	p := sales(mem.New())
	var m metrics.InMemory
	p.Metrics = &m
	p.Key = func(s sale) string {
		if s.Shop == "panic" {
			panic("no such shop")
		}
		return s.Shop
	}
	told := 0
	r, err := pipeline.Replay(t.Context(), p, archives(map[string][]byte{"a": bytes.Join(text, []byte("\n"))}),
		pipeline.ReplayBatch(64), pipeline.OnFailed(func(line archive.Line, err error) {
			told++
			assert.Contains(t, err.Error(), bad[line.Number])
			assert.Equal(t, string(line.Data), string(text[line.Number-1]))
		}))
	assert.NoError(t, err)
	assert.Equal(t, told, len(bad))
	assert.Equal(t, r.Failed, int64(len(bad)))
	assert.Equal(t, r.Merged, int64(len(good)))
	assert.Equal(t, r.Records, 300)
	assert.Equal(t, len(r.Failures), pipeline.MaxFailures)
	assert.Contains(t, r.Failures[0].Error(), "backup/a: line 1: undecodable: ")
	assert.Equal(t, errors.Is(r.Failures[0], weir.ErrUndecodable), true)
	assert.Equal(t, totals(t, p), fold(good))
	assert.Equal(t, m.Snapshot().Events["sales"], int64(len(good)))
	assert.Equal(t, m.Snapshot().Events["sales:dead_letter"], int64(len(bad)))
}

func TestReplaysAtTheSameTime(t *testing.T) {
	t.Parallel()
	all := someSales(3000)
	for name, define := range map[string]func(state.Store) *pipeline.Pipeline[sale, int64]{"by line": sales, "by ID": byID} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := mem.New()
			var wg sync.WaitGroup
			var mu sync.Mutex
			var sum pipeline.ReplayResult
			for n := range 4 {
				wg.Go(func() {
					r, err := pipeline.Replay(t.Context(), define(store), inThree(all), pipeline.ReplayBatch(50+30*n))
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						t.Error(err)
					}
					sum.Merged += r.Merged
					sum.Duplicates += r.Duplicates
				})
			}
			wg.Wait()
			assert.Equal(t, totals(t, define(store)), fold(all))
			assert.Equal(t, sum.Merged, 3000)
			assert.Equal(t, sum.Duplicates, 9000)
		})
	}
}

// By ID an event is one, whether it comes from a stream, a queue or an archive, or from all at once.
func TestReplayBesideLambdas(t *testing.T) {
	t.Parallel()
	all := someSales(600)
	store := mem.New()
	values := make([]any, len(all))
	for i, s := range all {
		values[i] = s
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		r, err := pipeline.Replay(t.Context(), byID(store), inThree(all), pipeline.ReplayBatch(40))
		if err != nil || r.Failed > 0 {
			t.Error(r, err)
		}
	})
	for from := 0; from < len(all); from += 30 {
		some := values[from : from+30]
		run := func(l *weir.Lambda, event weirtest.Event) {
			if r := weirtest.Run(t.Context(), l, event); r.Err != nil || len(r.Retried()) > 0 {
				t.Error(r.Err)
			}
		}
		wg.Go(func() { run(weir.Kinesis(byID(store)), weirtest.Kinesis(some...)) })
		wg.Go(func() { run(weir.SQS(byID(store)), weirtest.SQS(some...)) })
	}
	wg.Wait()
	assert.Equal(t, totals(t, byID(store)), fold(all))
}

// Receipts are full pages of neighbouring lines, however the batches lie.
func TestReplayFillsPages(t *testing.T) {
	t.Parallel()
	store := mem.New()
	p := sales(store)
	files := map[string][]byte{"a": lines(someSales(2 * 1024)), "b": lines(someSales(1024))}
	_, err := pipeline.Replay(t.Context(), p, archives(files), pipeline.ReplayBatch(1000))
	assert.NoError(t, err)
	pages := 0
	for _, err := range store.List(t.Context(), "sales", state.Receipt) {
		assert.NoError(t, err)
		pages++
	}
	assert.Equal(t, pages, 3)
}

// slow yields a line a second.
type slow struct{ lines [][]byte }

func (s slow) Lines(context.Context) iter.Seq2[archive.Line, error] {
	return func(yield func(archive.Line, error) bool) {
		for i, data := range s.lines {
			time.Sleep(time.Second)
			if !yield(archive.Line{Archive: "slow", Number: int64(i + 1), Data: data}, nil) {
				return
			}
		}
	}
}

func (s slow) Size(context.Context) (int64, error) { return 1234, nil }
func (s slow) Done() int64                         { return 1000 }

func TestReplayProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		text := bytes.Split(bytes.TrimSpace(lines(someSales(100))), []byte("\n"))
		text[50] = []byte("{")
		begin := time.Now()
		var all []string
		_, err := pipeline.Replay(t.Context(), sales(mem.New()), slow{text}, pipeline.ReplayBatch(7),
			pipeline.Progress(20*time.Second, func(p pipeline.ReplayProgress) {
				assert.Equal(t, p.Archive, "slow")
				assert.Equal(t, p.Read, 1000)
				assert.Equal(t, p.Total, 1234)
				all = append(all, fmt.Sprint(time.Since(begin).Seconds(), " ", p.Line, " ", p.Records, " ", p.Merged, " ", p.Failed))
			}))
		assert.NoError(t, err)
		assert.Equal(t, strings.Join(all, "\n"), "21 21 21 21 0\n42 42 42 42 0\n63 63 63 62 1\n84 84 84 83 1\n100 100 100 99 1")
	})
}

func TestReplayRefusesNonsense(t *testing.T) {
	t.Parallel()
	source := inThree(someSales(9))
	_, err := pipeline.Replay(t.Context(), new(pipeline.Pipeline[sale, int64]), source)
	assert.Error(t, err, "Name is missing")
	_, err = pipeline.Replay(t.Context(), sales(mem.New()), nil, nil, pipeline.ReplayBatch(0), pipeline.Progress(0, nil))
	assert.Error(t, err, `pipeline "sales": replay: there is nothing to read from`, "option 0 is nil", "a batch of 0 records", "the function is nil")
	_, err = pipeline.Replay(t.Context(), sales(mem.New()), slow{}, pipeline.CheckFirst())
	assert.Error(t, err, "the source has no method Check")
	_, err = pipeline.Replay(t.Context(), sales(mem.New()), archives(nil))
	assert.Error(t, err, "there are no archives")
	changes := &pipeline.Pipeline[weir.Change[sale], int64]{
		Name: "changes", Key: func(weir.Change[sale]) string { return "" }, Value: func(weir.Change[sale]) int64 { return 1 },
		Aggregate: monoid.Count(), StoreIn: mem.New(),
	}
	_, err = pipeline.Replay(t.Context(), changes, source)
	assert.Error(t, err, "archive records are no weir.Change")
}
