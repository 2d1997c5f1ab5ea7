package once

import (
	"context"
	"sync"
	"time"

	"github.com/weir-go/weir"
)

// unsaved are the keys of which the function succeeded in this process and the store took no note: it is told
// again when a record with the key comes back, in place of another run. Its zero value is empty.
type unsaved struct {
	mu    sync.Mutex
	all   map[string]completion // by row
	bytes int
}

// completion is what a store is to take note of.
type completion struct {
	claim *claim
	entry entry
}

// maxUnsaved is how much is remembered, in bytes. What is beyond runs again, after its lease.
const maxUnsaved = 1 << 20

func (c completion) size() int { return 256 + len(c.claim.row.Name) + len(c.entry.result) }

func (u *unsaved) put(c completion) {
	u.mu.Lock()
	defer u.mu.Unlock()
	row := c.claim.row.Name
	if _, known := u.all[row]; known || u.bytes+c.size() > maxUnsaved {
		return
	}
	if u.all == nil {
		u.all = map[string]completion{}
	}
	u.all[row] = c
	u.bytes += c.size()
}

func (u *unsaved) take(row string) (c completion, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if c, ok = u.all[row]; ok {
		delete(u.all, row)
		u.bytes -= c.size()
	}
	return c, ok
}

// retell completes a key for which the function has succeeded before. It reports false if it has not, or if
// somebody else has taken the key over since.
func (s *Store) retell(ctx context.Context, c *claim) (out outcome, told bool) {
	before, ok := s.unsaved.take(c.row.Name)
	if !ok || !time.Now().Before(before.entry.until) { // it would not be kept that long
		return out, false
	}
	e, err := before.claim.complete(ctx, before.entry)
	switch err {
	case nil:
		return c.replay(e), true
	case ErrLeaseLost:
		return out, false
	}
	s.unsaved.put(completion{before.claim, e})
	return outcome{err: weir.Unavailable(&notStored{err})}, true
}
