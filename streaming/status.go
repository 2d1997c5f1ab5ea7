package streaming

import (
	"fmt"
	"time"
)

// State is where a worker is in its life.
type State uint8

// The states of a worker, in order.
const (
	Starting State = iota
	Running
	Draining
	Stopped
)

func (s State) String() string {
	return [...]string{"starting", "running", "draining", "stopped"}[s]
}

// Status is what a worker is doing.
type Status struct {
	Name  string
	State State

	// Ready is false unless the worker is Running, nothing is unavailable, the source answers and
	// there is room for more records; Reason says why.
	Ready  bool
	Reason string

	// Since the start, in records. Succeeded includes dropped ones; Failed counts each failure of
	// a record, of which Retried were tried once more or went back, and DeadLettered given up.
	Succeeded, Failed, Retried, DeadLettered int64

	Batches   int64
	Durations Histogram     // of batches
	Oldest    time.Duration // how long the oldest batch at work has been so, 0 without any

	Paused  bool // something is unavailable
	Waiting int  // records that were polled and wait
	Running int  // records of the batches at work
	Bytes   int  // what both take
	Lanes   int  // that are in hand
	Blocked int  // of them those that wait for a failed record
	Owed    int  // lanes (of a Queue: records) that the source is still to be told of

	// Lag is how many records the source says that it has waiting, and those polled that are
	// not done.
	Lag      int64
	LagKnown bool
}

// Histogram counts durations.
type Histogram struct {
	Bounds []time.Duration // upper ends, included; the last count has none
	Counts []int64
	Sum    time.Duration
}

// bounds are those of a batch's duration.
var bounds = [...]time.Duration{
	time.Millisecond, 5 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond,
	2500 * time.Millisecond, 10 * time.Second, time.Minute,
}

// counts are what has happened since the start.
type counts struct {
	succeeded, failed, retried, dead, batches int64
	durations                                 [len(bounds) + 1]int64
	sum                                       time.Duration
}

func (c *counts) add(v verdict, took time.Duration) {
	c.succeeded += int64(v.succeeded)
	c.failed += int64(v.failed)
	c.retried += int64(v.retried)
	c.dead += int64(v.dead)
	c.batches++
	i := 0
	for i < len(bounds) && took > bounds[i] {
		i++
	}
	c.durations[i]++
	c.sum += took
}

// settleSlow is how long a call of Settle may take before the worker is not ready.
const settleSlow = 30 * time.Second

// Status may be asked for at any time.
func (w *Worker) Status() Status {
	w.mu.Lock()
	c := w.count
	s := Status{
		Name: w.c.name, State: w.state, Paused: w.tired > 0,
		Succeeded: c.succeeded, Failed: c.failed, Retried: c.retried, DeadLettered: c.dead, Batches: c.batches,
		Durations: Histogram{append([]time.Duration(nil), bounds[:]...), append([]int64(nil), c.durations[:]...), c.sum},
		Waiting:   w.waiting, Running: w.running, Bytes: w.bytes, Lanes: len(w.lanes), Owed: len(w.dirty) + w.acked(),
	}
	for f := range w.flights {
		s.Oldest = max(s.Oldest, time.Since(f.begun))
	}
	for _, l := range w.lanes {
		if l.failing() {
			s.Blocked++
		}
	}
	switch {
	case w.state != Running:
		s.Reason = w.state.String()
	case w.tired > 0:
		s.Reason = fmt.Sprintf("paused: %v", w.why)
	case w.pollFails >= maxFails:
		s.Reason = "the source cannot be polled"
	case w.settleFails >= maxFails:
		s.Reason = "the source takes no acknowledgements"
	case w.settling && time.Since(w.settleBegun) > settleSlow:
		s.Reason = fmt.Sprintf("the source has not answered an acknowledgement for %v", time.Since(w.settleBegun).Round(time.Second))
	case w.stuck():
		s.Reason = "lanes that wait for a failed record take all of InFlight"
	default:
		s.Ready = true
	}
	opened := w.state == Running || w.state == Draining
	w.mu.Unlock()
	if l, ok := w.source.(Lagger); ok && opened {
		if n, known := l.Lag(); known {
			s.Lag, s.LagKnown = n+int64(s.Waiting+s.Running), true
		}
	}
	return s
}
