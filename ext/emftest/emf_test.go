package emftest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/metrics"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	s, err := c.Compile("../../metrics/testdata/emf.schema.json")
	assert.NoError(t, err)
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, line string) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
	assert.NoError(t, err)
	return s.Validate(doc)
}

func TestEMFIsValidBySchema(t *testing.T) {
	t.Parallel()
	s := schema(t)
	long := strings.Repeat("n", 1100)
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		var out strings.Builder
		opts := []metrics.EMFOption{metrics.Output(&out), metrics.Namespace(long[:255]), metrics.TimeUnit(unit)}
		for i := range 29 {
			opts = append(opts, metrics.Dimension(fmt.Sprint(long[:248], i), long[:1024]))
		}
		e, err := metrics.NewEMF(opts...)
		assert.NoError(t, err)
		for _, name := range []string{"orders", "orders:dead_letter", "", ":", "ü\n\x00\xff", long + ":" + long} {
			e.Events(name, 1)
			e.Errors(name, 1, errors.New(name))
			for range 150 {
				e.Latency(name, "load", 1234567*time.Nanosecond)
			}
			e.Latency(name, "", 1)
			e.Batch(name, 1000, time.Hour)
		}
		for i := range 250 {
			e.Events(fmt.Sprint("many:", i), 1)
		}
		assert.NoError(t, e.Flush())
		count := 0
		for line := range strings.Lines(out.String()) {
			count++
			if err := validate(t, s, line); err != nil {
				t.Fatalf("%v\n%s", err, line)
			}
		}
		if count < 8 {
			t.Fatalf("only %d documents", count)
		}
	}
}

// The schema takes what AWS shows as valid, and is not one that takes anything.
func TestSchemaItself(t *testing.T) {
	t.Parallel()
	s := schema(t)
	const good = `{"_aws":{"Timestamp":1574109732004,"CloudWatchMetrics":[{"Namespace":"lambda-function-metrics","Dimensions":[["functionVersion"]],"Metrics":[{"Name":"time","Unit":"Milliseconds","StorageResolution":60}]}]},"functionVersion":"$LATEST","time":100}`
	assert.NoError(t, validate(t, s, good))
	for _, change := range [][2]string{
		{`"_aws"`, `"aws"`},
		{`1574109732004`, `"now"`},
		{`"Timestamp"`, `"Time"`},
		{`"Namespace":"lambda-function-metrics"`, `"Namespace":""`},
		{`[["functionVersion"]]`, `["functionVersion"]`},
		{`[["functionVersion"]]`, `[]`},
		{`[["functionVersion"]]`, `[["` + strings.Repeat(`a","`, 30) + `b"]]`},
		{`["functionVersion"]`, `["` + strings.Repeat("a", 251) + `"]`},
		{`"Milliseconds"`, `"ms"`},
		{`"Name":"time"`, `"Name":""`},
		{`"Name":"time",`, ``},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s is not there", change[0])
		}
		if validate(t, s, bad) == nil {
			t.Fatalf("valid: %s", bad)
		}
	}
}
