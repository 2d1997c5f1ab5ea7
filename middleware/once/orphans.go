package once

import (
	"sync"
	"time"
)

// orphans are claims of this process that the store has or may have, and under which nobody is at work: since the
// answer was lost, or because they could not be given up. Their keys need not wait for the lease here. Its zero
// value is empty.
type orphans struct {
	mu  sync.Mutex
	all map[token]time.Time // the ends of their leases
}

// maxOrphans is how many are remembered. The keys of others wait.
const maxOrphans = 10_000

func (o *orphans) add(t token, until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.all) >= maxOrphans {
		for t, until := range o.all {
			if !time.Now().Before(until) {
				delete(o.all, t)
			}
		}
		if len(o.all) >= maxOrphans {
			return
		}
	}
	if o.all == nil {
		o.all = map[token]time.Time{}
	}
	o.all[t] = until
}

func (o *orphans) has(t token) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.all[t]
	return ok
}
