package statetest

import (
	"context"
	"fmt"
	"sync"

	"github.com/weir-go/weir/state"
)

// told is what a state.Versioner said in one history of the versions that it gave to rows. A nil one
// commits by Commit.
type told struct {
	mu      sync.Mutex
	written map[state.Key]map[uint64]state.Write
	unclear map[state.Key]bool // may have a version that was not told
}

func newTold() *told {
	return &told{written: map[state.Key]map[uint64]state.Write{}, unclear: map[state.Key]bool{}}
}

// commit applies writes. A breach is what the store should not have answered.
func (d *told) commit(ctx context.Context, s state.Store, pipeline string, writes []state.Write) (err, breach error) {
	v, ok := s.(state.Versioner)
	if d == nil || !ok {
		return s.Commit(ctx, pipeline, writes), nil
	}
	versions, err := v.CommitVersions(ctx, pipeline, writes)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case err != nil && len(versions) != 0:
		return err, fmt.Errorf("CommitVersions told versions %v with the error %w", versions, err)
	case err != nil && !isFinal(err):
		for _, w := range writes {
			d.unclear[w.Key] = true
		}
	case err != nil:
	case len(versions) != len(writes):
		return nil, fmt.Errorf("CommitVersions told %d versions for %d writes", len(versions), len(writes))
	}
	for i, version := range versions {
		w := writes[i]
		w.Data = []byte(string(w.Data))
		if _, again := d.written[w.Key][version]; version == 0 || again {
			return nil, fmt.Errorf("CommitVersions told version %d of %+v, which it has told before, or never may", version, w.Key)
		}
		if d.written[w.Key] == nil {
			d.written[w.Key] = map[uint64]state.Write{}
		}
		d.written[w.Key][version] = w
	}
	return err, nil
}

// check compares rows with what was told of their versions. In the end there is no version that was not,
// and a row that was written is there, unless it may have expired.
func (d *told) check(rows []state.Row, end bool) error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range rows {
		switch w, ok := d.written[r.Key][r.Version]; {
		case ok && !w.Add && string(w.Data) != string(r.Data):
			return fmt.Errorf("the row %+v has data %.60q at version %d, of which CommitVersions told that it has %.60q", r.Key, r.Data, r.Version, w.Data)
		case !ok && end && r.Version != 0 && !d.unclear[r.Key]:
			return fmt.Errorf("CommitVersions told nobody of version %d of the row %+v", r.Version, r.Key)
		case end && r.Version == 0 && !d.expire(r.Key):
			return fmt.Errorf("the row %+v is gone, of which CommitVersions told versions", r.Key)
		}
	}
	return nil
}

func (d *told) expire(k state.Key) bool {
	for _, w := range d.written[k] {
		if !w.Expires.IsZero() {
			return true
		}
	}
	return false
}

// end checks all rows when nobody writes any more.
func (d *told) end(ctx context.Context, s state.Store, pipeline string) error {
	if d == nil {
		return nil
	}
	var keys []state.Key
	for k := range d.written {
		keys = append(keys, k)
	}
	rows, err := s.Load(ctx, pipeline, keys, true)
	if err != nil {
		return err
	}
	return d.check(rows, true)
}
