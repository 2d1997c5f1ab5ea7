package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/weir-go/weir/state"
)

// Reading is what a pipeline knows of a key.
type Reading[V any] struct {
	// Value is the aggregate, the monoid's identity if there is none.
	Value V

	// Present says whether there is one: whether any record has been merged into it.
	Present bool

	// From and To bound the time that the value covers: whole windows, so it may be more than was
	// asked for. Both are zero for a pipeline without windows.
	From, To time.Time

	// Windows counts the windows that had a value.
	Windows int
}

// ReadOption applies to reads.
type ReadOption func(*readConfig)

type readConfig struct{ consistent bool }

func readOptions(opts []ReadOption) (c readConfig) {
	for _, o := range opts {
		if o != nil {
			o(&c)
		}
	}
	return c
}

// Consistent makes a read see every batch that was merged before it began. By default a store may
// answer from a replica that is a moment behind, if that is cheaper.
func Consistent() ReadOption { return func(c *readConfig) { c.consistent = true } }

// ErrNoWindows is returned by reads of a time span from a pipeline that has no windows.
var ErrNoWindows = errors.New("pipeline: it has no windows to read a span of time from")

// Get reads the aggregate of a key: of a pipeline with windows, that of the window of now.
func (p *Pipeline[T, V]) Get(ctx context.Context, key string, opts ...ReadOption) (Reading[V], error) {
	all, err := p.GetMany(ctx, []string{key}, opts...)
	if err != nil {
		return Reading[V]{}, err
	}
	return all[0], nil
}

// GetMany reads what Get reads for several keys at once, in their order.
func (p *Pipeline[T, V]) GetMany(ctx context.Context, keys []string, opts ...ReadOption) ([]Reading[V], error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	at, err := p.Window.at(p.engine.now())
	if err != nil {
		return nil, err
	}
	asked := make([]state.Key, 0, len(keys))
	index := make(map[string]int, len(keys)) // a store wants distinct keys
	for _, k := range keys {
		if _, again := index[k]; !again {
			index[k] = len(asked)
			asked = append(asked, state.Key{Kind: state.Value, Name: k, At: at})
		}
	}
	rows, err := p.engine.read(ctx, asked, opts)
	if err != nil {
		return nil, err
	}
	out := make([]Reading[V], len(keys))
	for i, k := range keys {
		out[i] = p.engine.blank(at, at)
		if rows == nil {
			continue
		}
		if err := p.engine.take(&out[i], rows[index[k]]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Recent reads the last d of a key, up to now: all windows that lie in it at least in part, folded.
func (p *Pipeline[T, V]) Recent(ctx context.Context, key string, d time.Duration, opts ...ReadOption) (Reading[V], error) {
	if err := p.Validate(); err != nil {
		return Reading[V]{}, err
	}
	now := p.engine.now()
	return p.Range(ctx, key, now.Add(-d), now.Add(1), opts...) // the moment of now included
}

// Range reads a key from one time up to, not including, another: all windows that lie in it at
// least in part, folded.
func (p *Pipeline[T, V]) Range(ctx context.Context, key string, from, to time.Time, opts ...ReadOption) (Reading[V], error) {
	if err := p.Validate(); err != nil {
		return Reading[V]{}, err
	}
	first, last, err := p.span(from, to)
	if err != nil {
		return Reading[V]{}, err
	}
	sum := p.engine.blank(first, last)
	for row, err := range p.engine.rows(ctx, key, first, last, opts) {
		if err != nil {
			return Reading[V]{}, err
		}
		if err := p.engine.take(&sum, row); err != nil {
			return Reading[V]{}, err
		}
	}
	return sum, nil
}

// Windows yields the windows of a key, from one time up to, not including, another, in order.
// Windows without a value are left out. After an error there is nothing more.
func (p *Pipeline[T, V]) Windows(ctx context.Context, key string, from, to time.Time, opts ...ReadOption) iter.Seq2[Reading[V], error] {
	return func(yield func(Reading[V], error) bool) {
		err := p.Validate()
		var first, last int64
		if err == nil {
			first, last, err = p.span(from, to)
		}
		if err != nil {
			yield(Reading[V]{}, err)
			return
		}
		for row, err := range p.engine.rows(ctx, key, first, last, opts) {
			r := p.engine.blank(row.At, row.At)
			if err == nil {
				err = p.engine.take(&r, row)
			}
			if err != nil {
				yield(Reading[V]{}, err)
				return
			}
			if r.Present && !yield(r, nil) {
				return
			}
		}
	}
}

// ErrCannotList is returned by AllKeys when the store cannot tell which keys there are.
var ErrCannotList = errors.New("pipeline: the store cannot list keys")

// AllKeys yields the keys that have an aggregate in any window, each once, in any order. After an error
// there is nothing more. It holds all keys in memory and reads the whole pipeline's data: it is for
// tools.
func (p *Pipeline[T, V]) AllKeys(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := p.Validate(); err != nil {
			yield("", err)
			return
		}
		lister, ok := p.StoreIn.(state.Lister)
		if !ok {
			yield("", ErrCannotList)
			return
		}
		seen := map[string]struct{}{}
		for row, err := range lister.List(ctx, p.Name, state.Value) {
			if err != nil {
				yield("", fmt.Errorf("pipeline %q: list: %w", p.Name, err))
				return
			}
			if _, again := seen[row.Name]; again || p.engine.expired(row) {
				continue
			}
			seen[row.Name] = struct{}{}
			if !yield(row.Name, nil) {
				return
			}
		}
	}
}

func (p *Pipeline[T, V]) span(from, to time.Time) (first, last int64, err error) {
	if p.Window.none() {
		return 0, 0, ErrNoWindows
	}
	return p.Window.span(from, to)
}

// blank is a Reading of windows without a value.
func (e *engine[T, V]) blank(first, last int64) Reading[V] {
	r := Reading[V]{Value: e.m.Identity()}
	if w := e.p.Window; !w.none() {
		r.From, r.To = w.start(first), w.start(last+1)
	}
	return r
}

func (e *engine[T, V]) expired(row state.Row) bool {
	return !row.Expires.IsZero() && !e.now().Before(row.Expires)
}

// take folds a row into a reading.
func (e *engine[T, V]) take(r *Reading[V], row state.Row) error {
	if row.Version == 0 || e.expired(row) {
		return nil
	}
	v, err := e.m.Decode(row.Data)
	if err == nil && r.Windows > 0 {
		v, err = e.m.Combine(r.Value, v)
	}
	if err != nil {
		return fmt.Errorf("pipeline %q: read %q: %s: %w", e.p.Name, row.Name, e.m.Name(), err)
	}
	r.Value, r.Present = v, true
	r.Windows++
	return nil
}

// read reads rows, nil if the pipeline has no data yet.
func (e *engine[T, V]) read(ctx context.Context, keys []state.Key, opts []ReadOption) ([]state.Row, error) {
	c := readOptions(opts)
	// What was written by another definition must not be read as this one's.
	if m, err := e.opened(ctx, false); err != nil || m == nil || len(keys) == 0 {
		return nil, err
	}
	return e.load(ctx, keys, c.consistent)
}

// readAhead is how many windows are asked for at a time from a store that has no ranges.
const readAhead = 1000

// rows yields the rows of a key's windows that there are, in order.
func (e *engine[T, V]) rows(ctx context.Context, key string, first, last int64, opts []ReadOption) iter.Seq2[state.Row, error] {
	return func(yield func(state.Row, error) bool) {
		if ranger, ok := e.p.StoreIn.(state.Ranger); ok && last > first {
			if m, err := e.opened(ctx, false); err != nil || m == nil {
				if err != nil {
					yield(state.Row{}, err)
				}
				return
			}
			c := readOptions(opts)
			for row, err := range ranger.Range(ctx, e.p.Name, state.Value, key, first, last, c.consistent) {
				if err != nil {
					err = fmt.Errorf("pipeline %q: read %q: %w", e.p.Name, key, err)
				}
				if !yield(row, err) || err != nil {
					return
				}
			}
			return
		}
		for ; first <= last; first += readAhead {
			keys := make([]state.Key, min(readAhead, last-first+1))
			for i := range keys {
				keys[i] = state.Key{Kind: state.Value, Name: key, At: first + int64(i)}
			}
			rows, err := e.read(ctx, keys, opts)
			if err != nil {
				yield(state.Row{}, err)
				return
			}
			for _, row := range rows {
				if row.Version != 0 && !yield(row, nil) {
					return
				}
			}
		}
	}
}
