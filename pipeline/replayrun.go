package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/archive"
)

// replay is one call of Replay.
type replay[T, V any] struct {
	e      *engine[T, V]
	c      replayConfig
	source ReplaySource
	result ReplayResult
	at     archive.Line // the last one done, without its data

	lines []archive.Line // of the batch
	bytes int
	msg   weir.Message // what a line is decoded as
	told  time.Time    // when progress was
	total int64
}

func (r *replay[T, V]) run(ctx context.Context) error {
	if err := r.begin(ctx); err != nil {
		return err
	}
	err := r.read(ctx)
	if r.c.progress != nil {
		r.c.progress(r.progress())
	}
	return err
}

func (r *replay[T, V]) begin(ctx context.Context) error {
	if r.c.check {
		s, ok := r.source.(interface{ Check(context.Context) error })
		if !ok {
			return errors.New("CheckFirst: the source has no method Check")
		}
		if err := s.Check(ctx); err != nil {
			return err
		}
	}
	if s, ok := r.source.(interface {
		Size(context.Context) (int64, error)
	}); ok && r.c.progress != nil {
		var err error
		if r.total, err = s.Size(ctx); err != nil {
			return err
		}
	}
	r.told = time.Now()
	return r.e.open(ctx)
}

// read merges batch after batch.
func (r *replay[T, V]) read(ctx context.Context) error {
	needsTime := r.e.p.Time == nil && !r.e.p.Window.none()
	for line, err := range r.source.Lines(ctx) {
		if err != nil {
			return err // the batch it breaks off may be wrong
		}
		if needsTime && line.Time.IsZero() {
			return fmt.Errorf("%s: line %d has no time, and must not go into today's window: set the pipeline's Time, "+
				"or keep archives under paths that end in YYYY/MM/DD/HH, as Firehose does", line.Archive, line.Number)
		}
		r.lines = append(r.lines, line)
		if r.bytes += len(line.Data); len(r.lines) >= r.c.records || r.bytes >= maxReplayBytes {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
	return r.flush(ctx)
}

// flush merges the batch. Records that another process has claimed (where a Deduper decides) are
// waited for: if that process is dead, its lease ends.
func (r *replay[T, V]) flush(ctx context.Context) error {
	if len(r.lines) == 0 {
		return nil
	}
	todo := r.lines
	for failures := 1; len(todo) > 0; failures++ {
		if failures > 1 {
			if err := onBusy.pause(ctx, failures-1); err != nil {
				return err
			}
		}
		var err error
		if todo, err = r.merge(ctx, todo, failures > busyTries); err != nil {
			return err
		}
	}
	last := r.lines[len(r.lines)-1]
	r.at = archive.Line{Archive: last.Archive, Number: last.Number}
	clear(r.lines)
	r.lines, r.bytes = r.lines[:0], 0
	if r.c.progress != nil && time.Since(r.told) >= r.c.every {
		r.c.progress(r.progress())
		r.told = time.Now()
	}
	return nil
}

// onBusy waits longer than a lease, all in all.
var onBusy = Retry{Base: time.Second, Max: 10 * time.Second}

const busyTries = 20

// merge merges lines as one batch, and returns those that are claimed elsewhere, unless it is the
// last try. An error stops the replay.
func (r *replay[T, V]) merge(ctx context.Context, lines []archive.Line, last bool) (busy []archive.Line, err error) {
	begin := time.Now()
	e := r.e
	b := e.batch()
	defer e.done(b)
	for i := range lines {
		r.prepare(b, i, &lines[i])
	}
	stopped := e.apply(ctx, b)
	b.settle(len(lines))
	e.report(b, len(lines), begin, stopped)
	r.result.Merged += int64(b.counts.merged)
	r.result.Duplicates += int64(b.counts.duplicates)
	r.result.Records += int64(b.counts.merged + b.counts.duplicates)
	if stopped != nil {
		return nil, stopped // what else failed is found again in the next run
	}
	for i, err := range b.outcomes {
		switch {
		case err == nil:
			continue
		case errors.Is(err, ErrBusy) && !last:
			busy = append(busy, lines[i])
			continue
		}
		r.fail(lines[i], err)
	}
	return busy, nil
}

func (r *replay[T, V]) fail(line archive.Line, err error) {
	r.result.Records++
	r.result.Failed++
	if len(r.result.Failures) < MaxFailures {
		r.result.Failures = append(r.result.Failures, ReplayFailure{line.Archive, line.Number, err})
	}
	if r.c.failed != nil {
		r.c.failed(line, err)
	}
}

// prepare puts a line into the batch. Without ID its receipt is filed by the archive and a block of
// its lines, so that each page is full of neighbours.
func (r *replay[T, V]) prepare(b *batch[V], owner int, line *archive.Line) {
	recs, parts := len(b.recs), len(b.parts)
	defer func() {
		if v := recover(); v != nil {
			b.rewind(recs, parts)
			b.fail(owner, &weir.PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	r.msg = weir.Message{Payload: line.Data, Time: line.Time}
	v, err := r.e.decode(&r.msg)
	from := origin{lane: -1, time: line.Time}
	if r.e.p.ID == nil {
		from.lane = b.laneOf(replayed, line.Archive)
		from.id = line.Archive + "#" + strconv.FormatInt(line.Number, 10)
	}
	if err == nil {
		err = r.e.add(b, owner, v, from)
	}
	if err != nil {
		b.fail(owner, err)
		return
	}
	if r.e.p.ID == nil {
		b.recs[recs].slot = floorDiv(line.Number-1, replayBlock)
	}
}

// How receipts of archives are filed. Under another rule they would not be found: never change it.
const (
	replayed    = "archive" // in place of a source's ARN
	replayBlock = 1024      // lines, as many as fill a page
)

func (r *replay[T, V]) progress() ReplayProgress {
	c := r.result
	p := ReplayProgress{r.at.Archive, r.at.Number, c.Records, c.Merged, c.Duplicates, c.Failed, 0, r.total}
	if s, ok := r.source.(interface{ Done() int64 }); ok {
		p.Read = s.Done()
	}
	return p
}
