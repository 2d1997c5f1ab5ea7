package pipeline

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir/internal/siphash"
	"github.com/weir-go/weir/state"
)

// meta is what a pipeline's data was written with. It is stored before the first record, and
// never changes: under another salt or filing, receipts would not be found.
type meta struct {
	Format   int         `json:"format"`
	Monoid   string      `json:"monoid"`
	Window   int64       `json:"window_ms"`
	ByID     bool        `json:"by_id"`
	Salt     siphash.Key `json:"salt"`
	Stream   int64       `json:"stream_slot_ms"` // slots of time that receipts are filed by
	Queue    int64       `json:"queue_slot_ms"`
	Spread   int         `json:"spread"` // lanes of a source that has no shards
	PageSize int         `json:"page_size"`
	MadeAt   time.Time   `json:"made_at"`
}

const metaFormat = 1

var metaKey = state.Key{Kind: state.Meta}

// ErrOtherPipeline is returned when the data under a pipeline's Name was written by another
// definition. Nothing was changed. Give the new definition a Name of its own.
var ErrOtherPipeline = errors.New("pipeline: the store has data of another definition under this name")

func (e *engine[T, V]) newMeta() *meta {
	m := &meta{
		Format: metaFormat, Monoid: e.m.Name(), Window: e.p.Window.millis(), ByID: e.p.ID != nil,
		Stream: 5000, Queue: 1000, Spread: 8, PageSize: pageSize, MadeAt: time.Now().UTC().Truncate(time.Second),
	}
	if most := e.caps.MaxRow; most > 0 {
		m.PageSize = max(1, min(m.PageSize, (most-pageHead)/idSize))
	}
	_, _ = rand.Read(m.Salt[:]) // never fails, by its documentation
	return m
}

func (e *engine[T, V]) readMeta(row state.Row) (*meta, error) {
	m := new(meta)
	if err := json.Unmarshal(row.Data, m); err != nil {
		return nil, fmt.Errorf("pipeline %q: what the store says of it is damaged: %w", e.p.Name, err)
	}
	differs := func(what string, stored, own any) error {
		return fmt.Errorf("%w: %q was written with %s %v, not %v", ErrOtherPipeline, e.p.Name, what, stored, own)
	}
	switch {
	case m.Format != metaFormat:
		return nil, differs("format", m.Format, metaFormat)
	case m.Monoid != e.m.Name():
		return nil, differs("Aggregate", m.Monoid, e.m.Name())
	case m.Window != e.p.Window.millis():
		return nil, differs("a Window of", time.Duration(m.Window)*time.Millisecond, e.p.Window.Size)
	case m.ByID != (e.p.ID != nil):
		return nil, differs("ID set:", m.ByID, e.p.ID != nil)
	case m.Stream <= 0 || m.Queue <= 0 || m.Spread <= 0 || m.PageSize <= 0:
		return nil, fmt.Errorf("pipeline %q: what the store says of it is damaged: %s", e.p.Name, row.Data)
	}
	return m, nil
}

// opened returns the pipeline's meta, read once a process. It is nil if there is none and it
// may not be made.
func (e *engine[T, V]) opened(ctx context.Context, create bool) (*meta, error) {
	if m := e.meta.Load(); m != nil {
		return m, nil
	}
	for range 10 {
		rows, err := e.load(ctx, []state.Key{metaKey}, true)
		if err != nil {
			return nil, err
		}
		if rows[0].Version != 0 {
			m, err := e.readMeta(rows[0])
			if err == nil {
				e.meta.Store(m)
			}
			return m, err
		}
		if !create {
			return nil, nil
		}
		data, err := json.Marshal(e.newMeta())
		if err != nil {
			return nil, err
		}
		// It is read back in any case, so that whoever was first counts.
		if err := e.commit(ctx, []state.Write{{Key: metaKey, Data: data}}); err != nil && !errors.Is(err, state.ErrConflict) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("pipeline %q: the store forgets what it was given", e.p.Name)
}
