package metrics

import (
	"errors"
	"time"
)

// Tee returns a Recorder that tells each of several. Nil and Noop are left out; its Flush calls
// every Flush there is.
func Tee(recorders ...Recorder) Recorder {
	var all tee
	for _, r := range recorders {
		if Enabled(r) {
			all = append(all, r)
		}
	}
	switch len(all) {
	case 0:
		return Noop{}
	case 1:
		return all[0]
	}
	return all
}

type tee []Recorder

func (t tee) Events(name string, n int) {
	for _, r := range t {
		r.Events(name, n)
	}
}

func (t tee) Errors(name string, n int, err error) {
	for _, r := range t {
		r.Errors(name, n, err)
	}
}

func (t tee) Latency(name, op string, d time.Duration) {
	for _, r := range t {
		r.Latency(name, op, d)
	}
}

func (t tee) Batch(name string, n int, d time.Duration) {
	for _, r := range t {
		r.Batch(name, n, d)
	}
}

func (t tee) Flush() error {
	var errs []error
	for _, r := range t {
		if f, ok := r.(Flusher); ok {
			errs = append(errs, f.Flush())
		}
	}
	return errors.Join(errs...)
}
