package once

import (
	"context"
	"sync"
	"time"
)

// flights are the keys that are being worked on in this process. Its zero value is empty.
type flights struct {
	mu sync.Mutex
	at map[string]*flight
}

// flight is one attempt, which others wait for.
type flight struct {
	until time.Time     // the end of its lease
	print print         // of what runs
	end   chan struct{} // closed when out is there; nil while nobody waits
	out   outcome
}

// outcome is what became of a key.
type outcome struct {
	entry entry // if it is completed
	err   error // if it is not
}

// join makes f the key's flight, or returns the one that is there already. One whose lease has
// ended is no longer waited for.
func (fs *flights) join(name string, f *flight) (other *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if other = fs.at[name]; other != nil && time.Now().Before(other.until) {
		if other.end == nil {
			other.end = make(chan struct{})
		}
		return other
	}
	if fs.at == nil {
		fs.at = map[string]*flight{}
	}
	fs.at[name] = f
	return nil
}

// leave ends a flight.
func (fs *flights) leave(name string, f *flight, out outcome) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.at[name] == f {
		delete(fs.at, name)
	}
	f.out = out
	if f.end != nil {
		close(f.end)
	}
}

// wait returns the outcome of a flight, or false when its lease has ended before.
func (f *flight) wait(ctx context.Context) (out outcome, ok bool) {
	t := time.NewTimer(time.Until(f.until))
	defer t.Stop()
	select {
	case <-f.end:
		return f.out, true
	case <-t.C:
		if ctx.Err() != nil {
			return outcome{err: busy(0)}, true
		}
		return out, false
	case <-ctx.Done():
		return outcome{err: busy(0)}, true
	}
}
