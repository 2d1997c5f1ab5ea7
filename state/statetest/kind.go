package statetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
)

// app is a function with a pipeline behind two triggers, whatever its type.
type app interface {
	invoke(ctx context.Context, sqs bool, event []byte) ([]byte, error)
	compare(ctx context.Context, recs []*record) error
}

// kind is a type of pipeline.
type kind struct {
	name string
	open func(h *history, p *process) app
}

var kinds = []kind{
	kindOf("sum", monoid.Sum[int64](), func(r record) int64 { return r.Value }),
	kindOf("count", monoid.Count(), func(record) int64 { return 1 }),
	kindOf("max", monoid.Max[int64](), func(r record) int64 { return r.Value }),
	kindOf("float", monoid.Sum[float64](), func(r record) float64 { return float64(r.Value) }),
	kindOf("last", monoid.Last[int64](), func(r record) monoid.Timed[int64] { return monoid.At(time.Unix(r.At, 0), r.Value) }),
}

const onlyAdds = 2 // kinds that stores can have who do nothing else

func kindNamed(name string) kind {
	return kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })]
}

func kindOf[V any](name string, m monoid.Monoid[V], value func(record) V) kind {
	return kind{name, func(h *history, in *process) app {
		s := h.setup
		p := &pipeline.Pipeline[record, V]{
			Name: s.Name, Keys: func(r record) []string { return r.Keys }, Value: value, Aggregate: m,
			Time:    func(r record) time.Time { return time.Unix(r.At, 0) },
			StoreIn: in,
			Retry:   pipeline.Retry{Base: 10 * time.Microsecond, Max: 100 * time.Microsecond},
		}
		if s.Windows {
			p.Window = pipeline.Daily(s.Retention)
		}
		if s.ByID {
			p.ID = func(r record) string { return r.ID }
		}
		if s.Retention > 0 {
			p.Now = h.now
		}
		if in.dedup != nil {
			p.Dedup = in.dedup
		}
		return &function[V]{p, weir.Kinesis(p), weir.SQS(p), h}
	}}
}

type function[V any] struct {
	p            *pipeline.Pipeline[record, V]
	kinesis, sqs *weir.Lambda
	h            *history
}

func (f *function[V]) invoke(ctx context.Context, sqs bool, event []byte) ([]byte, error) {
	if sqs {
		return f.sqs.Invoke(ctx, event)
	}
	return f.kinesis.Invoke(ctx, event)
}

type cell struct {
	key string
	day int64
}

// compare folds the records directly, and looks for what the store says otherwise. Windows that are no
// longer kept are to be gone. Those that are were kept all the time, so nothing is missing in them.
func (f *function[V]) compare(ctx context.Context, recs []*record) error {
	m, s := f.p.Aggregate, f.h.setup
	want := map[cell]V{}
	var err error
	for _, r := range recs {
		if f.h.expired(r) {
			f.h.sum.expired.Add(1)
			continue
		}
		keys := slices.Clone(r.Keys)
		slices.Sort(keys)
		for _, k := range slices.Compact(keys) {
			c := cell{key: k}
			if s.Windows {
				c.day = r.At / day
			}
			old, ok := want[c]
			if !ok {
				old = m.Identity()
			}
			if want[c], err = m.Combine(old, f.p.Value(*r)); err != nil {
				return err
			}
		}
	}
	got := map[cell]V{}
	for i := range 7 {
		key := fmt.Sprint("key-", i)
		if !s.Windows {
			r, err := f.p.Get(ctx, key, pipeline.Consistent())
			if err != nil {
				return err
			}
			if r.Present {
				got[cell{key: key}] = r.Value
			}
			continue
		}
		from := time.Unix(s.Begin, 0).AddDate(0, 0, -9)
		for r, err := range f.p.Windows(ctx, key, from, from.AddDate(0, 1, 0), pipeline.Consistent()) {
			if err != nil {
				return err
			}
			got[cell{key, r.From.Unix() / day}] = r.Value
		}
	}
	for c, v := range want {
		g, ok := got[c]
		if !ok {
			return fmt.Errorf("%+v: nothing stored, want %v", c, v)
		}
		a, err1 := m.Append(nil, v)
		b, err2 := m.Append(nil, g)
		if err1 != nil || err2 != nil || !bytes.Equal(a, b) {
			return fmt.Errorf("%+v: stored %v, want %v", c, g, v)
		}
		delete(got, c)
	}
	for c, v := range got {
		return fmt.Errorf("%+v: stored %v, want nothing", c, v)
	}
	return f.listed(ctx, want)
}

func (f *function[V]) listed(ctx context.Context, want map[cell]V) error {
	if _, ok := f.p.StoreIn.(*process).Store.(state.Lister); !ok {
		return nil
	}
	keys := map[string]bool{}
	for c := range want {
		keys[c.key] = true
	}
	q := f.p.Clone()
	q.StoreIn = f.p.StoreIn.(*process).Store
	for k, err := range q.AllKeys(ctx) {
		if err != nil {
			return err
		}
		if !keys[k] {
			return fmt.Errorf("AllKeys: %q is listed, and has nothing or is listed twice", k)
		}
		delete(keys, k)
	}
	for k := range keys {
		return fmt.Errorf("AllKeys: %q is missing", k)
	}
	return nil
}
