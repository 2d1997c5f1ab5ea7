package metrics

import (
	"fmt"
	"slices"
	"time"
)

// Point is one value of a metric, see EMF.Document.
type Point struct {
	name  string
	n     int
	d     time.Duration
	timed bool
}

// Count makes a Point of the unit Count.
func Count(name string, n int) Point { return Point{name: name, n: n} }

// Time makes a Point of the EMF's TimeUnit.
func Time(name string, d time.Duration) Point { return Point{name: name, d: d, timed: true} }

// Property is a text that stands in a document beside its metrics, for whoever searches the logs.
type Property struct{ Name, Value string }

// Document writes one document of points at once, apart from what Flush writes. Its first dimension
// is the one given, in the place of Pipeline, unless its value is empty or NewEMF was given a
// Dimension of that name. Names and values are made ones that CloudWatch takes.
func (e *EMF) Document(name, value string, points []Point, properties ...Property) error {
	name = plain(name, maxDimensionName)
	var dims []dimension
	if value != "" && !slices.ContainsFunc(e.dimensions, func(d dimension) bool { return d.name == name }) {
		dims = append(dims, dimension{name, plain(value, maxDimensionValue)})
	}
	dims = append(dims, e.dimensions...)
	e.mu.Lock()
	defer e.mu.Unlock()
	var failed error
	d := &document{}
	d.full = func() {
		if err := e.writeDocument(d, dims); err != nil && failed == nil {
			failed = fmt.Errorf("metrics: write a document: %w", err)
		}
	}
	for _, p := range points {
		if p.timed {
			d.value(p.name, e.unit.name, e.unit.of(p.d))
		} else {
			d.count(p.name, p.n)
		}
	}
	d.properties = properties
	if len(d.metrics) > 0 {
		d.full()
	}
	return failed
}
