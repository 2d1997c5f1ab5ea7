package metrics_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/metrics"
)

// lines keeps what is written, a line a Write.
type lines struct{ all []string }

func (l *lines) Write(b []byte) (int, error) {
	l.all = append(l.all, string(b))
	return len(b), nil
}

func newEMF(t *testing.T, opts ...metrics.EMFOption) (*metrics.EMF, *lines) {
	t.Helper()
	out := &lines{}
	e, err := metrics.NewEMF(append(opts, metrics.Output(out))...)
	assert.NoError(t, err)
	return e, out
}

func TestEMFDocument(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, out := newEMF(t, metrics.Namespace("Shop/Orders"), metrics.Dimension("Function", "ingest"), metrics.Dimension("Stage", ""))
		e.Events("orders", 700)
		e.Events("orders", 300)
		e.Events("orders:dedup_skip", 2)
		e.Errors("orders", 1, errors.New("refused"))
		e.Errors("orders", 3, errors.New("timed \"out\"\n"))
		e.Errors("orders:late", 1, errors.New("timed \"out\"\n"))
		e.Latency("orders", "load", 1500*time.Microsecond)
		e.Latency("orders", "commit", 20*time.Millisecond)
		e.Latency("orders", "commit", 12345678*time.Nanosecond)
		e.Batch("orders", 1000, 2*time.Second)
		assert.NoError(t, e.Flush())
		assert.NoError(t, e.Flush())
		assert.Equal(t, out.all, []string{`{"_aws":{"Timestamp":946684800000,"CloudWatchMetrics":[{"Namespace":"Shop/Orders",` +
			`"Dimensions":[["Pipeline","Function"]],"Metrics":[` +
			`{"Name":"batch_duration","Unit":"Milliseconds"},{"Name":"batch_records","Unit":"Count"},` +
			`{"Name":"commit_latency","Unit":"Milliseconds"},{"Name":"dedup_skip","Unit":"Count"},` +
			`{"Name":"errors","Unit":"Count"},{"Name":"events","Unit":"Count"},{"Name":"late_errors","Unit":"Count"},` +
			`{"Name":"load_latency","Unit":"Milliseconds"}]}]},"Pipeline":"orders","Function":"ingest",` +
			`"batch_duration":2000,"batch_records":1000,"commit_latency":[20,12.346],"dedup_skip":2,"errors":4,"events":1000,` +
			`"late_errors":1,"load_latency":1.5,"last_error":"timed \"out\"\n"}` + "\n"})
	})
}

func TestEMFDefaults(t *testing.T) {
	t.Parallel()
	e, out := newEMF(t)
	e.Events("b", 1)
	e.Events("a", 0)
	assert.NoError(t, e.Flush())
	assert.Equal(t, len(out.all), 2, "a document each")
	assert.Contains(t, out.all[0], `"Namespace":"weir"`, `"Pipeline":"a"`, `"events":0`)
	assert.Contains(t, out.all[1], `"Pipeline":"b"`, `"events":1`)
}

func TestEMFTimeUnits(t *testing.T) {
	t.Parallel()
	for unit, want := range map[time.Duration][]string{
		time.Second:      {`"Seconds"`, `"load_latency":1.235`},
		time.Millisecond: {`"Milliseconds"`, `"load_latency":1234.568`},
		time.Microsecond: {`"Microseconds"`, `"load_latency":1234567.89`},
	} {
		e, out := newEMF(t, metrics.TimeUnit(unit))
		e.Latency("a", "load", 1234567890*time.Nanosecond)
		assert.NoError(t, e.Flush())
		assert.Contains(t, out.all[0], want...)
	}
}

// No value is lost to CloudWatch's limits: what does not fit has documents of its own.
func TestEMFLimits(t *testing.T) {
	t.Parallel()
	e, out := newEMF(t)
	e.Events("a", 5)
	for range 250 {
		e.Latency("a", "load", time.Millisecond)
	}
	assert.Equal(t, len(out.all), 2)
	assert.NoError(t, e.Flush())
	assert.Equal(t, len(out.all), 3)
	assert.Contains(t, out.all[0], `"events":5`)
	assert.Equal(t, strings.Count(strings.Join(out.all, ""), `"events":`), 1)
	sizes := []int{}
	for _, line := range out.all {
		sizes = append(sizes, len(decode(t, line)["load_latency"].([]any)))
	}
	assert.Equal(t, sizes, []int{100, 100, 50})

	for i := range 250 {
		e.Events(fmt.Sprint("b:kind", i), 1)
	}
	assert.NoError(t, e.Flush())
	sizes = sizes[:0]
	for _, line := range out.all[3:] {
		sizes = append(sizes, strings.Count(line, `"Unit"`))
		decode(t, line)
	}
	assert.Equal(t, sizes, []int{100, 100, 50})
}

// The largest document fits into one event of CloudWatch Logs.
func TestEMFSize(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 2000)
	opts := []metrics.EMFOption{metrics.Namespace(long[:255])}
	for i := range 29 {
		opts = append(opts, metrics.Dimension(fmt.Sprint(long[:248], i), long[:1024]))
	}
	e, out := newEMF(t, opts...)
	for i := range 99 {
		for range 100 {
			e.Latency(long+":"+long, fmt.Sprint(i), 123456*time.Microsecond+time.Hour)
		}
	}
	e.Errors(long+":"+long, 1, errors.New(strings.Repeat("é", 2000)))
	assert.NoError(t, e.Flush())
	assert.Equal(t, len(out.all), 1)
	decode(t, out.all[0])
	if n := len(out.all[0]); n > 250_000 {
		t.Fatalf("%d bytes", n)
	}
}

// Whatever the names are, every name in the document leads to one member.
func TestEMFNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", ":", "a:", ":a", "ü\n\x00", " ", "a:events", "a:b:c", "a:_aws", "a:Pipeline", "a:Function", "a:last_error", "a:" + strings.Repeat("x", 300)} {
		e, out := newEMF(t, metrics.Dimension("Function", "f"), metrics.Dimension("load_latency", "f"))
		e.Events(name, 1)
		e.Errors(name, 1, errors.New("e"))
		e.Latency(name, "load", 1)
		e.Latency(name, "ü\n", 1)
		e.Events(name+":load_latency", 1)
		e.Events("a:load_latency", 1)
		e.Events("a:load_latency_2", 1)
		e.Batch(name, 1, 1)
		assert.NoError(t, e.Flush())
		for _, line := range out.all {
			decode(t, line)
		}
	}
}

func TestEMFNamesTwice(t *testing.T) {
	t.Parallel()
	for range 20 { // the order of a map is another each time
		e, out := newEMF(t)
		e.Latency("a", "load", 7*time.Millisecond)
		e.Events("a:load_latency", 5)
		assert.NoError(t, e.Flush())
		root := decode(t, out.all[0])
		assert.Equal(t, []any{root["load_latency"], root["load_latency_2"]}, []any{5.0, 7.0})
	}
}

func TestEMFErrorText(t *testing.T) {
	t.Parallel()
	e, out := newEMF(t)
	e.Errors("a", 1, errors.New("x"+strings.Repeat("é", 2000)))
	e.Errors("b", 1, nil)
	assert.NoError(t, e.Flush())
	assert.Equal(t, decode(t, out.all[0])["last_error"], any("x"+strings.Repeat("é", 511)))
	assert.Equal(t, decode(t, out.all[1])["last_error"], nil)
}

func TestEMFConcurrent(t *testing.T) {
	t.Parallel()
	e, out := newEMF(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 100 {
				e.Events(fmt.Sprint("p", i%2), 1)
				e.Latency("p0", "load", 1)
				if err := e.Flush(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	total := 0.0
	for _, line := range out.all {
		if n, ok := decode(t, line)["events"].(float64); ok {
			total += n
		}
	}
	assert.Equal(t, total, 800)
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("pipe closed") }

func TestEMFWriteFails(t *testing.T) {
	t.Parallel()
	e, err := metrics.NewEMF(metrics.Output(broken{}))
	assert.NoError(t, err)
	for range 101 {
		e.Latency("a", "load", 1)
	}
	e.Events("b", 1)
	err = e.Flush()
	assert.Error(t, err, `metrics: write a document of pipeline "a": pipe closed`, `of pipeline "b": pipe closed`)
	assert.Equal(t, strings.Count(err.Error(), `"a"`), 2)
	assert.NoError(t, e.Flush())
}

func TestEMFOptionsRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1025)
	var thirty []metrics.EMFOption
	for i := range 30 {
		thirty = append(thirty, metrics.Dimension(fmt.Sprint("d", i), "v"))
	}
	for want, opts := range map[string][]metrics.EMFOption{
		"option 1 is nil":                     {metrics.Namespace("x"), nil},
		`1 to 255 characters, "" has 0`:       {metrics.Namespace("")},
		`"  " has 2`:                          {metrics.Namespace("  ")},
		"has 256":                             {metrics.Namespace(long[:256])},
		"a character at 1 that CloudWatch":    {metrics.Namespace("a;b")},
		"begins with a colon or AWS/":         {metrics.Namespace("AWS/Lambda")},
		`":a" begins with a colon`:            {metrics.Namespace(":a")},
		`no colon in front; "" has not`:       {metrics.Dimension("", "v")},
		`":a" has not`:                        {metrics.Dimension(":a", "v")},
		`"ü" has not`:                         {metrics.Dimension("ü", "v")},
		`x" has not`:                          {metrics.Dimension(long[:251], "v")},
		`"Pipeline" is EMF's own`:             {metrics.Dimension("Pipeline", "v")},
		`"_aws" is EMF's own`:                 {metrics.Dimension("_aws", "v")},
		`"a" is given twice`:                  {metrics.Dimension("a", "v"), metrics.Dimension("a", "w")},
		`" " of a has not`:                    {metrics.Dimension("a", " ")},
		`"ü" of a has not`:                    {metrics.Dimension("a", "ü")},
		`x" of a has not`:                     {metrics.Dimension("a", long)},
		`"d29" is one too many`:               thirty,
		"the output is nil":                   {metrics.Output(nil)},
		"no unit of 1m0s: give time.Second, ": {metrics.TimeUnit(time.Minute)},
	} {
		e, err := metrics.NewEMF(opts...)
		assert.Error(t, err, "metrics: NewEMF: ", want)
		if e != nil {
			t.Fatal("not nil")
		}
	}
}

// decode checks what EMF's rules say beside its schema, and returns the root.
func decode(t *testing.T, line string) map[string]any {
	t.Helper()
	if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
		t.Fatalf("not one line: %q", line)
	}
	var doc struct {
		AWS struct {
			CloudWatchMetrics []struct {
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	assert.NoError(t, json.Unmarshal([]byte(line), &doc))
	root := map[string]any{}
	dec := json.NewDecoder(strings.NewReader(line))
	_, _ = dec.Token()
	for dec.More() {
		name, err := dec.Token()
		assert.NoError(t, err)
		if _, twice := root[name.(string)]; twice {
			t.Fatalf("%q stands twice in %s", name, line)
		}
		var v any
		assert.NoError(t, dec.Decode(&v))
		root[name.(string)] = v
	}
	directive := doc.AWS.CloudWatchMetrics[0]
	names := map[string]bool{}
	for _, name := range directive.Dimensions[0] {
		if v, ok := root[name].(string); !ok || v == "" || len(v) > 1024 || names[name] {
			t.Fatalf("the dimension %q is %q in %s", name, root[name], line)
		}
		names[name] = true
	}
	if n := len(directive.Metrics); n == 0 || n > 100 {
		t.Fatalf("%d metrics", n)
	}
	for _, m := range directive.Metrics {
		if m.Name == "" || len(m.Name) > 255 || names[m.Name] || m.Unit == "" {
			t.Fatalf("the metric %q of %q in %s", m.Name, m.Unit, line)
		}
		names[m.Name] = true
		switch v := root[m.Name].(type) {
		case float64:
		case []any:
			if len(v) < 2 || len(v) > 100 {
				t.Fatalf("%d values of %s", len(v), m.Name)
			}
			for _, n := range v {
				_ = n.(float64)
			}
		default:
			t.Fatalf("the metric %q is %v in %s", m.Name, v, line)
		}
	}
	return root
}

func FuzzEMF(f *testing.F) {
	f.Add("orders:retry", "load", "refused")
	f.Add("a:\"<\u2028", "\xff", "\xff")
	f.Fuzz(func(t *testing.T, name, op, text string) {
		var out bytes.Buffer
		e, _ := metrics.NewEMF(metrics.Output(&out))
		e.Errors(name, 1, errors.New(text))
		e.Events(op, 1)
		e.Latency(name, op, 1)
		assert.NoError(t, e.Flush())
		for line := range strings.Lines(out.String()) {
			decode(t, line)
		}
	})
}
