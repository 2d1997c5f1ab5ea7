package metrics

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// EMF writes CloudWatch metrics in the embedded metric format, as lines of JSON. On Lambda what
// is written to standard output arrives in CloudWatch without any call.
//
// Each Flush writes one document for each pipeline that had something to tell, so a function with
// one pipeline writes one line an invocation. The pipeline's name is the dimension Pipeline; the
// metrics are
//
//	events                        records, counted
//	retry, dedup_skip, ...        the same of names like "orders:retry"
//	errors                        failed records, counted; last_error is the last one's text
//	load_latency, commit_latency  one value a call
//	batch_records                 one value a batch, so its SampleCount is the number of batches
//	batch_duration                one value a batch
//
// A document has room for 100 metrics with 100 values each, which is CloudWatch's limit. What
// does not fit makes a document of its own, and is written when it is full.
type EMF struct {
	namespace  string
	dimensions []dimension
	out        io.Writer
	unit       timeUnit

	mu     sync.Mutex
	docs   map[string]*document // by pipeline
	failed error                // of a document that was written before its Flush
}

// EMFOption applies to NewEMF.
type EMFOption func(*EMF) error

// NewEMF returns a Recorder that writes the embedded metric format. By default the namespace is
// "weir", there are no dimensions beside Pipeline, times are in milliseconds, and the output is
// os.Stdout. The error is that of an option.
func NewEMF(opts ...EMFOption) (*EMF, error) {
	e := &EMF{namespace: "weir", out: os.Stdout, unit: timeUnits[time.Millisecond], docs: map[string]*document{}}
	for i, o := range opts {
		if o == nil {
			return nil, fmt.Errorf("metrics: NewEMF: option %d is nil", i)
		}
		if err := o(e); err != nil {
			return nil, fmt.Errorf("metrics: NewEMF: %w", err)
		}
	}
	return e, nil
}

// Namespace sets the CloudWatch namespace. It has up to 255 letters, digits, spaces, and
// characters of ".-_/#:".
func Namespace(name string) EMFOption {
	return func(e *EMF) error {
		switch odd := strings.IndexFunc(name, func(r rune) bool { return !inNamespace(r) }); {
		case strings.TrimSpace(name) == "" || len(name) > maxName:
			return fmt.Errorf("a namespace has 1 to %d characters, %q has %d", maxName, name, len(name))
		case odd >= 0:
			return fmt.Errorf("the namespace %q has a character at %d that CloudWatch does not take: use letters, digits, spaces, and any of \".-_/#:\"", name, odd)
		case name[0] == ':' || strings.HasPrefix(name, "AWS/"):
			return fmt.Errorf("the namespace %q begins with a colon or AWS/, which CloudWatch keeps for itself", name)
		}
		e.namespace = name
		return nil
	}
}

func inNamespace(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(" .-_/#:", r)
}

// Dimension adds a dimension to all metrics, such as the name of the function. There may be up
// to 29. One with an empty value is left out, so that what comes from an environment variable
// may be missing on a laptop. Every combination of values is a metric that CloudWatch charges
// for, so a value is nothing that changes often.
func Dimension(name, value string) EMFOption {
	return func(e *EMF) error {
		switch {
		case strings.TrimSpace(name) == "" || len(name) > maxDimensionName || name[0] == ':' || plain(name, len(name)) != name:
			return fmt.Errorf("the name of a dimension has 1 to %d printable ASCII characters, and no colon in front; %q has not", maxDimensionName, name)
		case name == pipelineDimension || name == "_aws":
			return fmt.Errorf("the dimension %q is EMF's own: choose another name", name)
		case slices.ContainsFunc(e.dimensions, func(d dimension) bool { return d.name == name }):
			return fmt.Errorf("the dimension %q is given twice", name)
		case value == "":
			return nil
		case strings.TrimSpace(value) == "" || len(value) > maxDimensionValue || plain(value, len(value)) != value:
			return fmt.Errorf("the value of a dimension has 1 to %d printable ASCII characters, and is not blank; %q of %s has not", maxDimensionValue, value, name)
		case len(e.dimensions) == maxDimensions-1:
			return fmt.Errorf("the dimension %q is one too many: CloudWatch takes %d, with %s", name, maxDimensions, pipelineDimension)
		}
		e.dimensions = append(e.dimensions, dimension{name, value})
		return nil
	}
}

// Output sets where documents go: each is one Write of one line. EMF does not call it from two
// goroutines at once.
func Output(w io.Writer) EMFOption {
	return func(e *EMF) error {
		if w == nil {
			return errors.New("the output is nil")
		}
		e.out = w
		return nil
	}
}

// TimeUnit sets the unit of latencies and durations: time.Second, time.Millisecond or
// time.Microsecond. Each is the name of a unit in CloudWatch.
func TimeUnit(unit time.Duration) EMFOption {
	return func(e *EMF) error {
		u, ok := timeUnits[unit]
		if !ok {
			return fmt.Errorf("CloudWatch has no unit of %v: give time.Second, time.Millisecond or time.Microsecond", unit)
		}
		e.unit = u
		return nil
	}
}

// Events implements Recorder.
func (e *EMF) Events(name string, n int) {
	e.tell(name, func(d *document, prefix string) {
		if prefix == "" {
			prefix = "events"
		}
		d.count(prefix, n)
	})
}

// Errors implements Recorder.
func (e *EMF) Errors(name string, n int, err error) {
	text := textOf(err)
	e.tell(name, func(d *document, prefix string) {
		d.count(join(prefix, "errors"), n)
		d.lastError = text
	})
}

// Latency implements Recorder.
func (e *EMF) Latency(name, op string, t time.Duration) {
	e.tell(name, func(d *document, prefix string) {
		d.value(join(prefix, op+"_latency"), e.unit.name, e.unit.of(t))
	})
}

// Batch implements Recorder.
func (e *EMF) Batch(name string, n int, t time.Duration) {
	e.tell(name, func(d *document, prefix string) {
		d.value(join(prefix, "batch_records"), "Count", float64(n))
		d.value(join(prefix, "batch_duration"), e.unit.name, e.unit.of(t))
	})
}

// tell finds the document of a pipeline, and what of the name is not the pipeline's.
func (e *EMF) tell(name string, add func(d *document, prefix string)) {
	pipeline, suffix, _ := strings.Cut(name, ":")
	e.mu.Lock()
	defer e.mu.Unlock()
	d := e.docs[pipeline]
	if d == nil {
		d = &document{}
		d.full = func() {
			if err := e.write(pipeline, d); err != nil {
				e.failed = errors.Join(e.failed, err)
			}
		}
		e.docs[pipeline] = d
	}
	add(d, suffix)
}

// Flush writes what was told since the last one. What cannot be written is lost: metrics are no
// reason to fail a batch.
func (e *EMF) Flush() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	errs := []error{e.failed}
	e.failed = nil
	for _, pipeline := range slices.Sorted(maps.Keys(e.docs)) {
		if d := e.docs[pipeline]; len(d.metrics) > 0 {
			errs = append(errs, e.write(pipeline, d))
		}
	}
	return errors.Join(errs...)
}

// write writes a document of a pipeline and empties it.
func (e *EMF) write(pipeline string, d *document) error {
	dims := append([]dimension{{pipelineDimension, plain(pipeline, maxDimensionValue)}}, e.dimensions...)
	if err := e.writeDocument(d, dims); err != nil {
		return fmt.Errorf("metrics: write a document of pipeline %q: %w", pipeline, err)
	}
	return nil
}

func (e *EMF) writeDocument(d *document, dims []dimension) error {
	line := d.append(nil, e.namespace, dims, time.Now().UnixMilli())
	d.metrics, d.lastError = nil, ""
	_, err := e.out.Write(line)
	return err
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "_" + name
}
