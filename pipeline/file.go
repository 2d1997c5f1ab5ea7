package pipeline

import (
	"context"
	"errors"
	"strconv"

	"github.com/weir-go/weir/state"
)

// file gives each pending record its fingerprint and the root of its receipt, and finds those
// that are in the batch twice.
func (e *engine[T, V]) file(ctx context.Context, b *batch[V]) error {
	m := e.meta.Load()
	receipts := e.receipts()
	b.pages = append(b.pages[:0], page{}) // 0 is no page
	clear(b.roots)
	for i := range b.recs {
		r := &b.recs[i]
		if r.standing != pending {
			continue
		}
		r.print = fingerprintOf(&m.Salt, r.id)
		root := b.rootOf(m, r)
		if j, found := b.byID.find(r.print.lo, func(j int32) bool {
			return b.recs[j].print == r.print && b.pages[b.recs[j].page].root == root
		}); found {
			r.standing, r.twin = twin, j
			continue
		}
		b.byID.put(r.print.lo, int32(i))
		r.page = root
	}
	if e.p.Dedup != nil {
		if err := e.claim(ctx, b); err != nil {
			b.byID.reset()
			for i := range b.recs {
				if r := &b.recs[i]; r.standing == twin {
					r.standing = pending
				}
			}
			return err
		}
	}
	if !receipts {
		for i := range b.recs {
			b.recs[i].page = -1
		}
	}
	b.filed = true
	return nil
}

// rootOf returns the index of the root page of a record's receipt.
func (b *batch[V]) rootOf(m *meta, r *rec[V]) int32 {
	k := rootKey{lane: r.lane, slot: r.slot}
	if r.lane < 0 || b.lanes[r.lane].shard == "" {
		k.part = int32(r.print.hi % uint32(m.Spread))
	}
	if n := len(b.pages) - 1; n > 0 && b.pages[n].is == k {
		return int32(n)
	}
	if i, ok := b.roots[k]; ok {
		return i
	}
	i := int32(len(b.pages))
	b.pages = append(b.pages, page{key: state.Key{Kind: state.Receipt, Name: b.laneName(m, k), At: r.slot}, root: i, is: k})
	b.roots[k] = i
	return i
}

func (b *batch[V]) laneName(m *meta, k rootKey) string {
	part := "#" + strconv.Itoa(int(k.part))
	if k.lane < 0 {
		return part
	}
	l := &b.lanes[k.lane]
	if l.shard != "" {
		part = l.shard
	}
	for len(l.names) <= int(k.part) {
		l.names = append(l.names, "")
	}
	if l.names[k.part] == "" {
		l.names[k.part] = laneName(&m.Salt, l.arn, part)
	}
	return l.names[k.part]
}

// loadGroup reads the rows of the group: its aggregates, unless the store adds by itself, and
// its receipts, page after page down to those that have room. What the receipts hold is found
// to be a duplicate.
func (e *engine[T, V]) loadGroup(ctx context.Context, b *batch[V]) error {
	b.keys, b.loading = b.keys[:0], b.loading[:0]
	for i := range b.pages {
		b.pages[i].loaded, b.pages[i].queued, b.pages[i].planned = false, false, 0 // a step before may have written it
	}
	for _, p := range b.inPages {
		b.keys = append(b.keys, b.pages[p].key)
		b.loading = append(b.loading, p)
	}
	if e.adds == nil {
		for _, a := range b.inAggs {
			b.keys = append(b.keys, b.aggs[a].key)
		}
	}
	first := true
	for len(b.keys) > 0 {
		rows, err := e.load(ctx, b.keys, true)
		if err != nil {
			return err
		}
		for i, p := range b.loading {
			b.pages[p].load(rows[i])
		}
		if first && e.adds == nil {
			for i, a := range b.inAggs {
				b.aggs[a].row = rows[len(b.loading)+i]
			}
		}
		first = false
		for _, p := range b.loading {
			b.recognise(p)
		}
		if err := b.descend(e.pageSize()); err != nil {
			return err
		}
	}
	return nil
}

// recognise finds the batch's records on a page.
func (b *batch[V]) recognise(p int32) {
	pg := &b.pages[p]
	pg.all(func(f fingerprint) {
		i, found := b.byID.find(f.lo, func(i int32) bool {
			r := &b.recs[i]
			return r.print == f && b.pages[r.page].root == pg.root
		})
		if found && b.recs[i].standing == pending {
			b.recs[i].standing = duplicate
		}
	})
}

var errDeep = errors.New("pipeline: a receipt is deeper than identifiers are long")

// descend gives the group's pending records their places: on the first page of their path that has
// room. It lists the pages that have to be loaded for that.
func (b *batch[V]) descend(pageSize int) error {
	b.keys, b.loading = b.keys[:0], b.loading[:0]
	for _, i := range b.group {
		r := &b.recs[i]
		if r.standing != pending || r.page < 0 || r.placed == b.mark {
			continue
		}
		for {
			p := &b.pages[r.page]
			if !p.loaded {
				if !p.queued {
					p.queued = true
					b.keys = append(b.keys, p.key)
					b.loading = append(b.loading, r.page)
				}
				break
			}
			if p.err != nil {
				r.standing, r.err = failed, p.err
				break
			}
			if p.count+p.planned < pageSize {
				p.planned++
				r.placed = b.mark
				break
			}
			if p.depth == maxDepth {
				return errDeep
			}
			r.page = b.child(r.page, r.print.branch(p.depth))
		}
	}
	return nil
}

// grounded reports whether all pages above are full, or will be by this group.
func (b *batch[V]) grounded(r *rec[V], pageSize int) bool {
	for at := b.pages[r.page].parent; at > 0; at = b.pages[at].parent {
		p := &b.pages[at]
		if p.count >= pageSize {
			return true // and then so are those above it
		}
		if p.mark != b.mark || p.count+p.fresh < pageSize {
			return false
		}
	}
	return true
}

func (b *batch[V]) child(of int32, branch int) int32 {
	p := &b.pages[of]
	if p.children[branch] == 0 {
		i := int32(len(b.pages))
		c := page{key: state.Key{Kind: state.Receipt, Name: p.childName(branch), At: p.key.At}, root: p.root, parent: of, depth: p.depth + 1}
		p.children[branch] = i
		b.pages = append(b.pages, c)
	}
	return b.pages[of].children[branch]
}
