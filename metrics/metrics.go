// Package metrics is where pipelines report what they do: to nobody (Noop), to totals in memory
// (InMemory), to CloudWatch (EMF), or to several of them (Tee).
package metrics

import "time"

// Recorder is told what a pipeline does. Names are the pipeline's, with a suffix behind a colon
// for what is not plain progress: "orders:retry". It is called from several goroutines at a
// time, a few times a batch and never once per record.
type Recorder interface {
	// Events counts n records of a name.
	Events(name string, n int)

	// Errors counts n records that failed for a reason.
	Errors(name string, n int, err error)

	// Latency is how long one call took; op says of what: "load" or "commit".
	Latency(name, op string, d time.Duration)

	// Batch is told of each batch: how many records it had, and how long it took.
	Batch(name string, n int, d time.Duration)
}

// Flusher is implemented by Recorders that write per invocation. Flush is called at the end
// of each batch.
type Flusher interface {
	Flush() error
}

// Noop records nothing. For it the clock is not read.
type Noop struct{}

// Enabled reports whether r records anything: it does unless it is nil or Noop. A caller that
// measures time asks first.
func Enabled(r Recorder) bool {
	switch r.(type) {
	case nil, Noop, *Noop:
		return false
	}
	return true
}

// Events implements Recorder.
func (Noop) Events(string, int) {}

// Errors implements Recorder.
func (Noop) Errors(string, int, error) {}

// Latency implements Recorder.
func (Noop) Latency(string, string, time.Duration) {}

// Batch implements Recorder.
func (Noop) Batch(string, int, time.Duration) {}
