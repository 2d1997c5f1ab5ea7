package dynamodb

import (
	"maps"
	"slices"
	"time"
)

// table holds items. The server's lock guards it.
type table struct {
	schema
	name      string
	created   time.Time
	activeAt  time.Time
	billing   string
	capacity  *throughput
	protected bool
	expires   string // the attribute for time to live, "" for none
	stream    *stream

	parts  map[string]*partition
	order  []*partition // of a scan; nil if it must be made anew
	writes uint64       // requests that wrote
	recent []undo       // what the last of them replaced, for reads that lag behind
}

// undo is a row as it was before the write request of that number.
type undo struct {
	write uint64
	old   row
}

// table finds a table that can be used.
func (s *Server) table(c *call, name string) (*table, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	t := s.tables[name]
	if t == nil || c.now.Before(t.activeAt) {
		return nil, notFound(name)
	}
	return t, nil
}

// get returns an item, nil if there is none, and its size.
func (t *table) get(k key, it item) (item, int) {
	p := t.parts[k.hash]
	if i, found := p.find(t.at(k, it)); found {
		return p.rows[i].item, p.rows[i].size
	}
	return nil, 0
}

// begin starts a request that writes: lagging reads will miss this one, and no longer the
// oldest.
func (t *table) begin(lag int) {
	t.writes++
	if gone := int64(t.writes) - int64(lag); gone > 0 {
		t.recent = slices.DeleteFunc(t.recent, func(u undo) bool { return int64(u.write) <= gone })
	}
}

// set replaces the item at a key, of which it holds at least the attributes; it is nil to delete.
func (t *table) set(s *Server, now time.Time, keyed, old, new item, who *identity) {
	k := key{keyed[t.hash.name].text, keyed[t.sort.name].text}
	r := t.at(k, keyed)
	was := r
	r.item, r.size = new, new.size()
	p := t.parts[k.hash]
	if p == nil {
		if new == nil {
			return
		}
		p = newPartition(k.hash)
		t.parts[k.hash] = p
		t.order = nil
	}
	if s.lag > 0 {
		was.item, was.size = old, old.size()
		t.recent = append(t.recent, undo{t.writes, was})
	}
	p.set(r)
	if len(p.rows) == 0 {
		delete(t.parts, k.hash)
		t.order = nil
	}
	t.stream.record(s, now, t.only(keyed), old, new, who)
}

// scan returns the partitions in their order.
func (t *table) scan() []*partition {
	if t.order == nil {
		t.order = slices.SortedFunc(maps.Values(t.parts), (*partition).compare)
	}
	return t.order
}

// view is a table as a read sees it.
type view struct {
	*table
	old map[string]*partition // the partitions that are not yet, for this read, as they are
}

// view returns what a read sees, consistent or not.
func (t *table) view(consistent bool) view {
	v := view{table: t}
	if consistent || len(t.recent) == 0 {
		return v
	}
	v.old = map[string]*partition{}
	for _, u := range slices.Backward(t.recent) {
		hash := u.old.key.hash
		p := v.old[hash]
		if p == nil {
			p = newPartition(hash)
			if now := t.parts[hash]; now != nil {
				p.rows = slices.Clone(now.rows)
			}
			v.old[hash] = p
		}
		p.set(u.old)
	}
	return v
}

// rows returns those of a hash key.
func (v view) rows(hash string) []row {
	p, ok := v.old[hash]
	if !ok {
		p = v.parts[hash]
	}
	if p == nil {
		return nil
	}
	return p.rows
}

// get is table.get as of this view.
func (v view) get(k key, it item) (item, int) {
	if p, ok := v.old[k.hash]; ok {
		if i, found := p.find(v.at(k, it)); found {
			return p.rows[i].item, p.rows[i].size
		}
		return nil, 0
	}
	return v.table.get(k, it)
}

// scan is table.scan as of this view.
func (v view) scan() []*partition {
	if len(v.old) == 0 {
		return v.table.scan()
	}
	all := maps.Clone(v.parts)
	maps.Copy(all, v.old)
	return slices.SortedFunc(maps.Values(all), (*partition).compare)
}
