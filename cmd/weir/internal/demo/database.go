package demo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
)

// Database stands for the user's database. It keeps totals by airport, has the trouble that
// databases have, and keeps a journal, against which the handler is checked.
type Database struct {
	trouble Trouble

	mu      sync.Mutex
	calls   map[string]int
	journal map[string]int // how often each flight was added
	again   int            // how often Has found a flight
	totals  map[string]totals
}

func newDatabase(t Trouble) *Database {
	return &Database{trouble: t, calls: map[string]int{}, journal: map[string]int{}, totals: map[string]totals{}}
}

// Has says whether a flight was added.
func (d *Database) Has(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.journal[id] == 0 {
		return false
	}
	d.again++
	return true
}

// Add adds a flight to the totals of its airport, once. It may have done so even if it
// returns an error: the answer can get lost after the commit.
func (d *Database) Add(ctx context.Context, f flights.Flight, late bool) error {
	d.mu.Lock()
	d.calls[f.ID]++
	call := d.calls[f.ID]
	d.mu.Unlock()
	if err := d.wait(ctx, d.trouble.delay(f.ID, call)); err != nil {
		return err
	}
	m, ok := weir.FromContext(ctx)
	trouble := d.trouble.roll(f.ID, call, call == 1 && ok && m.Attempt <= 1)
	if trouble == refused {
		return errors.New("add flight: dial tcp 10.0.3.17:5432: connect: connection refused")
	}
	d.insert(f, late)
	if trouble == lostAnswer {
		return errors.New("add flight: read tcp 10.0.2.4:41022->10.0.3.17:5432: read: connection reset by peer")
	}
	return nil
}

func (d *Database) wait(ctx context.Context, delay time.Duration) error {
	if delay == 0 {
		return nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("add flight: %w", ctx.Err())
	}
}

// insert adds a flight unless it is there, as INSERT ... ON CONFLICT DO NOTHING does.
func (d *Database) insert(f flights.Flight, late bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.journal[f.ID] == 0 {
		d.commit(f, late)
	}
}

// commit adds a flight even if it is there. The caller holds the mutex.
func (d *Database) commit(f flights.Flight, late bool) {
	d.journal[f.ID]++
	t := d.totals[f.Origin]
	t.add(f, late)
	d.totals[f.Origin] = t
}
