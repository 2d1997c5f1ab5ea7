package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/weir-go/weir/state"
)

// combine folds the group's values per aggregate. Records whose value does not combine fail; then
// what was folded is not to be used.
func (e *engine[T, V]) combine(b *batch[V]) error {
	if e.ordered {
		slices.SortStableFunc(b.group, func(i, j int32) int { return b.recs[i].when.Compare(b.recs[j].when) })
	}
	b.folds++
	some := false
	for _, i := range b.group {
		r := &b.recs[i]
		for _, at := range b.parts[r.from:r.to] {
			a := &b.aggs[at]
			if a.has != b.folds {
				a.delta, a.has = e.m.Identity(), b.folds
			}
			if err := e.accumulate(&a.delta, r.value); err != nil {
				r.standing, r.err = failed, fmt.Errorf("pipeline %q: %s: %w", e.p.Name, e.m.Name(), err)
				some = true
				break
			}
		}
	}
	if some {
		return errSomeFailed
	}
	return nil
}

func (e *engine[T, V]) accumulate(into *V, v V) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if e.inPlace != nil {
		return e.inPlace.Add(into, v)
	}
	sum, err := e.m.Combine(*into, v)
	if err == nil {
		*into = sum
	}
	return err
}

var errTooLarge = errors.New("pipeline: the aggregate is too large for the store")

// write makes the group's writes.
func (e *engine[T, V]) write(b *batch[V]) error {
	b.writes, b.data = b.writes[:0], b.data[:0]
	size, some := 0, false
	for _, at := range b.inAggs {
		a := &b.aggs[at]
		w := state.Write{Key: a.key, Expires: e.p.Window.expires(a.key.At)}
		if e.adds != nil {
			w.Add, w.Delta = true, e.adds.Delta(a.delta)
		} else {
			data, err := e.next(b, a)
			if err != nil {
				b.failAggregate(at, err)
				some = true
				continue
			}
			w.Data, w.Version = data, a.row.Version
		}
		size += len(w.Data) + rowOverhead + len(w.Name)
		b.writes = append(b.writes, w)
	}
	if some {
		return errSomeFailed
	}
	receipts := len(b.writes)
	now := time.Now().Truncate(time.Second).UTC()
	for _, at := range b.inPages {
		p := &b.pages[at]
		w := state.Write{Key: p.key, Version: p.row.Version, Data: p.filled(p.fresh), Expires: now.Add(e.keep)}
		if p.count+p.fresh >= e.pageSize() {
			w.Expires = now.Add(2 * e.keep) // longer than the pages below; see renew
		}
		p.write = len(b.writes)
		size += cap(w.Data) + rowOverhead + len(w.Name)
		b.writes = append(b.writes, w)
	}
	if len(b.writes) > receipts {
		for _, i := range b.group {
			r := &b.recs[i]
			w := &b.writes[b.pages[r.page].write]
			w.Data = r.print.append(w.Data)
		}
	}
	if e.caps.MaxBytes > 0 && size > e.caps.MaxBytes && len(b.group) > 1 {
		return errTooMuch
	}
	return nil
}

// Why a group is not committed as it is.
var (
	errSomeFailed = errors.New("records of the group failed: do without them")
	errTooMuch    = errors.New("the group is too large for one commit")
)

// rowOverhead is what a row costs a store beside its name and data, generously.
const rowOverhead = 300

// next is an aggregate with its delta, encoded.
func (e *engine[T, V]) next(b *batch[V], a *agg[V]) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
		if err != nil {
			err = fmt.Errorf("pipeline %q: aggregate %q: %s: %w", e.p.Name, a.key.Name, e.m.Name(), err)
		}
	}()
	sum := a.delta
	if a.row.Version != 0 {
		base, err := e.m.Decode(a.row.Data)
		if err != nil {
			return nil, fmt.Errorf("what the store holds cannot be read, and is left as it is: %w", err)
		}
		if sum, err = e.m.Combine(base, a.delta); err != nil {
			return nil, err
		}
	}
	from := len(b.data)
	if b.data, err = e.m.Append(b.data, sum); err != nil {
		return nil, err
	}
	data = b.data[from:len(b.data):len(b.data)]
	if e.caps.MaxRow > 0 && len(data) > e.caps.MaxRow {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", errTooLarge, len(data), e.caps.MaxRow)
	}
	return data, nil
}

// failAggregate fails the group's records that add to an aggregate.
func (b *batch[V]) failAggregate(at int32, err error) {
	for _, i := range b.group {
		if r := &b.recs[i]; slices.Contains(b.parts[r.from:r.to], at) {
			r.standing, r.err = failed, err
		}
	}
}
