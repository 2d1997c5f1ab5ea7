package metrics

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of CloudWatch. Sources: "Specification: Embedded metric format", Amazon CloudWatch User
// Guide; MetricDatum and Dimension, Amazon CloudWatch API Reference.
const (
	maxMetrics        = 100
	maxValues         = 100
	maxDimensions     = 30
	maxName           = 255
	maxDimensionName  = 250
	maxDimensionValue = 1024
)

// maxErrorText keeps a document far below the 256 KB of a log event. With all else at its limit
// it has about 200 KB.
const maxErrorText = 1024

const pipelineDimension = "Pipeline"

type dimension struct{ name, value string }

// timeUnit is a unit as CloudWatch names it. Its values have three decimals.
type timeUnit struct {
	name       string
	thousandth time.Duration
}

var timeUnits = map[time.Duration]timeUnit{
	time.Second:      {"Seconds", time.Millisecond},
	time.Millisecond: {"Milliseconds", time.Microsecond},
	time.Microsecond: {"Microseconds", time.Nanosecond},
}

func (u timeUnit) of(d time.Duration) float64 {
	return float64(d.Round(u.thousandth)/u.thousandth) / 1000
}

// document is one EMF document while it fills.
type document struct {
	metrics    map[metricID]*metric
	lastError  string
	properties []Property
	full       func() // writes the document and empties it
}

type metricID struct {
	name    string
	counter bool
}

type metric struct {
	unit   string
	values []float64 // a counter has one
}

func (d *document) count(name string, n int) {
	m := d.metric(metricID{name, true}, "Count")
	if len(m.values) == 0 {
		m.values = append(m.values, 0)
	}
	m.values[0] += float64(n)
}

func (d *document) value(name, unit string, v float64) {
	m := d.metric(metricID{name, false}, unit)
	if len(m.values) == maxValues {
		d.full()
		m = d.metric(metricID{name, false}, unit)
	}
	m.values = append(m.values, v)
}

func (d *document) metric(id metricID, unit string) *metric {
	if m := d.metrics[id]; m != nil {
		return m
	}
	if len(d.metrics) == maxMetrics {
		d.full()
	}
	if d.metrics == nil {
		d.metrics = map[metricID]*metric{}
	}
	m := &metric{unit: unit}
	d.metrics[id] = m
	return m
}

// append writes the document as one line of JSON.
func (d *document) append(dst []byte, namespace string, dims []dimension, millis int64) []byte {
	ids := slices.SortedFunc(maps.Keys(d.metrics), metricID.compare)
	root := members{"_aws": true}
	dst = append(dst, `{"_aws":{"Timestamp":`...)
	dst = strconv.AppendInt(dst, millis, 10)
	dst = append(dst, `,"CloudWatchMetrics":[{"Namespace":`...)
	dst = appendString(dst, namespace)
	dst = append(dst, `,"Dimensions":[[`...)
	for i, dim := range dims {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, root.add(dim.name))
	}
	dst = append(dst, `]],"Metrics":[`...)
	names := make([]string, len(ids))
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		names[i] = root.add(plain(id.name, maxName))
		dst = appendString(append(dst, `{"Name":`...), names[i])
		dst = appendString(append(dst, `,"Unit":`...), d.metrics[id].unit)
		dst = append(dst, '}')
	}
	dst = append(dst, `]}]}`...)
	for _, dim := range dims {
		dst = appendString(append(dst, ','), dim.name)
		dst = appendString(append(dst, ':'), dim.value)
	}
	for i, id := range ids {
		dst = appendString(append(dst, ','), names[i])
		dst = appendValues(append(dst, ':'), d.metrics[id].values)
	}
	properties := d.properties
	if d.lastError != "" {
		properties = append(properties[:len(properties):len(properties)], Property{"last_error", d.lastError})
	}
	for _, p := range properties {
		dst = appendString(append(dst, ','), root.add(plain(p.Name, maxName)))
		dst = appendString(append(dst, ':'), cut(p.Value, maxErrorText))
	}
	return append(dst, '}', '\n')
}

func (id metricID) compare(other metricID) int {
	if id.name != other.name {
		return strings.Compare(id.name, other.name)
	}
	if id.counter {
		return -1
	}
	return 1
}

// members are the names on a document's root.
type members map[string]bool

// add returns the name, or one like it if it is taken: a name has to lead to one member.
func (m members) add(name string) string {
	free := name
	for n := 2; m[free]; n++ {
		suffix := "_" + strconv.Itoa(n)
		free = name[:min(len(name), maxName-len(suffix))] + suffix
	}
	m[free] = true
	return free
}

// appendValues writes a number for one value, and a list for several.
func appendValues(dst []byte, values []float64) []byte {
	if len(values) == 1 {
		return strconv.AppendFloat(dst, values[0], 'f', -1, 64)
	}
	for i, v := range values {
		dst = strconv.AppendFloat(append(dst, "[,"[min(i, 1)]), v, 'f', -1, 64)
	}
	return append(dst, ']')
}

func appendString(dst []byte, s string) []byte {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) < 0 {
		return append(append(append(dst, '"'), s...), '"')
	}
	text, _ := json.Marshal(s) // a string has no error
	return append(dst, text...)
}

// plain makes of any text one that CloudWatch takes for a name: printable ASCII, not blank, and
// of no more than n characters.
func plain(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '_'
		}
		return r
	}, cut(s, n))
	if strings.TrimSpace(s) == "" {
		return "_"
	}
	return s
}

// cut returns no more than n bytes of s, and no half of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
