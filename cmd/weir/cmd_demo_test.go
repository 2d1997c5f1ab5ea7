package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/weir-go/weir/cmd/weir/internal/demo"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
)

var sources = []string{"kinesis", "dynamodb", "sqs", "fifo"}

func TestDemo(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		if raceDetector && source != "kinesis" {
			continue // TestDemoJSON sees them at a smaller size
		}
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			code, out, progress := weir(t, "demo", "--source", source, "--fail", "2%", "--poison", "0.2%")
			if code != 0 {
				t.Errorf("exit code %d", code)
			}
			for _, want := range []string{
				`(?m)^20,000 US flights of 2001 as `,
				`(?m)^ +DFW +1,\d\d\d +9\.\d min +1\d\.\d min$`,
				`(?m)^\d+ dead letters, .*:$`,
				`(?m) undecodable: `,
				`(?m) panic: runtime error: slice bounds out of range`,
				`(?m)^\d[\d,]* records were delivered more than once`,
				`(?m)^every record accounted for: 20,000 in = 19,\d\d\d aggregated \+ \d+ dead letters, 0 lost, 0 counted twice$`,
			} {
				if !regexp.MustCompile(want).MatchString(out) {
					t.Errorf("no %s in\n%s", want, out)
				}
			}
			if !strings.Contains(progress, "20,000/20,000 records, ") || strings.Contains(progress, "\r") {
				t.Errorf("progress %q", progress)
			}
		})
	}
}

// some is part of the input, for what need not be seen at full size.
var some = sync.OnceValue(func() []flights.Flight {
	list, err := flights.Load()
	if err != nil {
		panic(err)
	}
	return list[:1000]
})

// result is the part of the JSON that does not hang on time.
func result(t *testing.T, list []flights.Flight, args ...string) map[string]any {
	t.Helper()
	c, _, err := demoConfig(args)
	if err != nil {
		t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	if err := runDemo(t.Context(), stdio{out: &out, err: &stderr}, c, list, true); err != nil || stderr.Len() > 0 {
		t.Fatalf("%v, stderr %q", err, &stderr)
	}
	var doc map[string]any
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if _, ok := doc["durationMs"].(float64); !ok {
		t.Errorf("no durationMs")
	}
	delete(doc, "durationMs")
	return doc
}

func TestDemoJSON(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			args := []string{"--source", source, "--fail", "5%", "--poison", "1%", "--seed", "7"}
			doc := result(t, some(), args...)
			keys := func(v any) string { return strings.Join(slices.Sorted(maps.Keys(v.(map[string]any))), " ") }
			for _, c := range []struct{ what, got, want string }{
				{"document", keys(doc), "airports batch deadLetters deliveredMoreThanOnce fail failedInvocations fate invocations " +
					"partialInvocations poison records repeatsRecognized retries seed slow source"},
				{"fate", keys(doc["fate"]), "aggregated countedTwice deadLetters in lost ok wrongTotals"},
				{"airport", keys(doc["airports"].([]any)[0]), "airport eveningFlights eveningMeanDelay flights meanDelay"},
				{"dead letter", keys(doc["deadLetters"].([]any)[0]), "batch condition flight id origin reason tries where"},
			} {
				if c.got != c.want {
					t.Errorf("keys of the %s: %s; want %s", c.what, c.got, c.want)
				}
			}
			fate := doc["fate"].(map[string]any)
			if fate["ok"] != true || fate["in"] != 1000.0 || fate["lost"] != 0.0 || fate["countedTwice"] != 0.0 ||
				fate["deadLetters"] != float64(len(doc["deadLetters"].([]any))) || doc["records"] != 1000.0 {
				t.Errorf("fate %v", fate)
			}
			for _, d := range doc["deadLetters"].([]any) {
				letter := d.(map[string]any)
				if letter["batch"] != 1.0 || letter["reason"] == "" {
					t.Errorf("dead letter %v", letter)
				}
			}
			if again := result(t, some(), args...); fmt.Sprint(again) != fmt.Sprint(doc) {
				t.Errorf("another run with the same seed gives something else")
			}
		})
	}
}

func TestDemoWithoutTrouble(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		doc := result(t, some(), "--source", source, "--fail", "0", "--poison", "0%")
		if len(doc["deadLetters"].([]any)) != 0 || doc["retries"] != 0.0 || doc["deliveredMoreThanOnce"] != 0.0 {
			t.Errorf("%s: %v retries", source, doc["retries"])
		}
	}
}

// Every call fails at least once, and every flight is counted or a dead letter.
func TestDemoAllFail(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		doc := result(t, some()[:300], "--source", source, "--fail", "100%")
		if n := len(doc["deadLetters"].([]any)); n < 100 {
			t.Errorf("%s: %d dead letters", source, n)
		}
	}
}

func TestDemoSlow(t *testing.T) {
	t.Parallel()
	doc := result(t, some(), "--slow")
	if doc["slow"] != true || doc["retries"] == 0.0 {
		t.Errorf("%v", doc)
	}
}

// lossy says that it is done, but now and then is not.
func lossy(db *demo.Database) func(context.Context, flights.Flight) error {
	return func(ctx context.Context, f flights.Flight) error {
		if f.ID == "F00777" {
			return nil
		}
		if db.Has(f.ID) {
			return nil
		}
		return db.Add(ctx, f, f.Date[11:] >= "18:00")
	}
}

func TestDemoFindsLoss(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			c, _, err := demoConfig([]string{"--source", source})
			if err != nil {
				t.Fatal(err)
			}
			c.Handler = lossy
			for _, asJSON := range []bool{false, true} {
				var out, progress bytes.Buffer
				err = runDemo(t.Context(), stdio{out: &out, err: &progress}, c, some(), asJSON)
				if !errors.Is(err, errFindings) {
					t.Errorf("error %v", err)
				}
				if code := demoCommand().exit(err, &out, &progress); code != 1 {
					t.Errorf("exit code %d", code)
				}
				want := ", 1 lost, 0 counted twice; wrong totals for "
				if asJSON {
					want = `"lost": 1,`
				}
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in\n%s", want, out.String())
				}
			}
		})
	}
}

func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		ctx, cancel := context.WithCancel(t.Context())
		var out, progress bytes.Buffer
		c, _, err := demoConfig([]string{"--source", source})
		if err != nil {
			t.Fatal(err)
		}
		c.Handler = func(*demo.Database) func(context.Context, flights.Flight) error {
			return func(context.Context, flights.Flight) error { cancel(); return nil }
		}
		err = runDemo(ctx, stdio{out: &out, err: &progress}, c, some(), false)
		if code := demoCommand().exit(err, &out, &progress); code != 1 || !strings.Contains(progress.String(), "weir demo: interrupted") {
			t.Errorf("%s: exit code %d, stderr %q", source, code, progress.String())
		}
		if strings.Contains(out.String(), "accounted") {
			t.Errorf("%s: a report without the end", source)
		}
	}
}
