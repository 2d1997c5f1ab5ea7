package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/archive"
)

// ReplaySource is what Replay reads. An *archive.Source is one.
type ReplaySource interface {
	// Lines yields records. Their archive and number must be the same whenever they are read: without
	// ID, that is what a record is known by. An error is the last thing it yields.
	Lines(ctx context.Context) iter.Seq2[archive.Line, error]
}

// Replay merges the records of an archive into a pipeline, each at the event's own time. Each line
// is decoded as the pipeline decodes payloads.
//
// It can be run again: after it was killed, after an error, or because an archive has grown at its
// end. Each run reads everything, and leaves out what is merged already. That it knows by the
// pipeline's ID, whatever way the record came before; without ID, by the archive's name and the
// number of the line, so those must not change, and what came through a Lambda function counts
// again. Replays of the same archives may run at the same time, and beside the Lambda functions.
//
// What was merged is remembered for Receipts.Keep, and then the store may forget it: to replay what
// may have been counted longer ago than that, set a Keep that reaches back, before it is counted.
//
// Records that fail (they do not decode, or their window is no longer kept) do not stop it: they
// are counted, listed, and given to OnFailed. What stops it is an error of the archive, of the
// context, or of a store that fails beyond Retry; then the error is a *ReplayError. Give a Clone of
// the pipeline a longer Retry to get through longer troubles.
//
// A pipeline with windows but without Time takes the hour that an archive's path names, see
// archive.Line, and does not replay archives whose paths name none.
func Replay[T, V any](ctx context.Context, p *Pipeline[T, V], source ReplaySource, opts ...ReplayOption) (ReplayResult, error) {
	if err := p.Validate(); err != nil {
		return ReplayResult{}, err
	}
	c := replayConfig{records: defaultReplayBatch}
	errs := []error{p.replayable(source)}
	for i, o := range opts {
		if o == nil {
			errs = append(errs, fmt.Errorf("option %d is nil", i))
		} else {
			errs = append(errs, o(&c))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return ReplayResult{}, fmt.Errorf("pipeline %q: replay: %w", p.Name, err)
	}
	r := &replay[T, V]{e: p.engine, c: c, source: source}
	if err := r.run(ctx); err != nil {
		return r.result, &ReplayError{Pipeline: p.Name, Archive: r.at.Archive, Line: r.at.Number, Err: err}
	}
	return r.result, nil
}

func (p *Pipeline[T, V]) replayable(source ReplaySource) error {
	if source == nil {
		return errors.New("there is nothing to read from: the source is nil")
	}
	if p.Decode != nil {
		return nil
	}
	return p.engine.dec.Check(weir.Setup{Source: "archive"})
}

// ReplayResult counts the records of a replay.
type ReplayResult struct {
	Records    int64 // merged, recognised or failed
	Merged     int64
	Duplicates int64 // that were in the aggregates already, or twice in the archives
	Failed     int64

	// Failures are the first that failed, at most MaxFailures. OnFailed gets all.
	Failures []ReplayFailure
}

// MaxFailures is how many failures a ReplayResult lists.
const MaxFailures = 100

// ReplayFailure is a record that could not be merged.
type ReplayFailure struct {
	Archive string
	Line    int64
	Err     error
}

// Error implements error.
func (f ReplayFailure) Error() string {
	return fmt.Sprintf("%s: line %d: %v", f.Archive, f.Line, f.Err)
}

// Unwrap returns Err.
func (f ReplayFailure) Unwrap() error { return f.Err }

// ReplayError is why a replay stopped before its end. What it had merged is in the aggregates: run
// it again once the cause is gone.
type ReplayError struct {
	Pipeline string

	// Archive and Line are of the last record that was done, with all before it. Archive is
	// empty if none was. Some behind it may be done too.
	Archive string
	Line    int64

	Err error
}

// Error implements error.
func (e *ReplayError) Error() string {
	where := "before the first record was done"
	if e.Archive != "" {
		where = fmt.Sprintf("behind %s, line %d", e.Archive, e.Line)
	}
	return fmt.Sprintf("pipeline %q: the replay stopped %s, and can be run again, which counts nothing twice: %v", e.Pipeline, where, e.Err)
}

// Unwrap returns Err.
func (e *ReplayError) Unwrap() error { return e.Err }

// ReplayOption applies to Replay.
type ReplayOption func(*replayConfig) error

type replayConfig struct {
	records  int
	check    bool
	every    time.Duration
	progress func(ReplayProgress)
	failed   func(archive.Line, error)
}

// The batches of a replay: two pages of receipts, so that those of an archive are written once.
const (
	defaultReplayBatch = 8 * pageSize
	maxReplayBytes     = 8 << 20
)

// ReplayBatch sets how many records are merged at a time, at most. The default is 8192. Batches
// also end at 8 MiB of lines.
func ReplayBatch(records int) ReplayOption {
	return func(c *replayConfig) error {
		if records < 1 {
			return fmt.Errorf("ReplayBatch: a batch of %d records", records)
		}
		c.records = records
		return nil
	}
}

// CheckFirst reads all archives once before anything is merged, so that a corrupt one is found
// in time: its lines may be wrong, and only its end tells. It takes a source that has the method
// Check, as an *archive.Source does.
func CheckFirst() ReplayOption {
	return func(c *replayConfig) error { c.check = true; return nil }
}

// OnFailed is given each record that could not be merged, and why. It may keep the line.
func OnFailed(f func(line archive.Line, err error)) ReplayOption {
	return func(c *replayConfig) error { c.failed = f; return nil }
}

// Progress has a function told how a replay goes on, between batches and not more often than
// every so long, and once in the end.
func Progress(every time.Duration, f func(ReplayProgress)) ReplayOption {
	return func(c *replayConfig) error {
		if f == nil {
			return errors.New("Progress: the function is nil")
		}
		c.every, c.progress = every, f
		return nil
	}
}

// ReplayProgress is how far a replay is.
type ReplayProgress struct {
	Archive string // of the last record that was done
	Line    int64

	Records, Merged, Duplicates, Failed int64

	// Read and Total are bytes of the archives as stored; Read is a little ahead. They are 0 for
	// a source that has not the methods Done and Size of an *archive.Source.
	Read, Total int64
}
