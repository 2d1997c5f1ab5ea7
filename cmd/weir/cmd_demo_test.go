package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/weir-go/weir/cmd/weir/internal/flights"
	"github.com/weir-go/weir/state"
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
				`(?m)^into a temporary bbolt file \(not synced\)$`,
				`(?m)^ +DFW +1,\d\d\d +9\.\d min +90 +2001-03-11 +94\.\d min$`,
				`(?m)^\d+ dead letters, .*:$`,
				`(?m) undecodable: `,
				`(?m) panic: runtime error: slice bounds out of range`,
				`(?m)^\d[\d,]* records were delivered more than once; [\d,]+ duplicates recognised, none counted$`,
				`(?m)^every record accounted for: 20,000 in = 19,\d\d\d aggregated \+ \d+ dead letters, 0 lost, 0 counted twice$`,
				`(?m)^departures and delays of every airport and day are those of a direct fold of the input$`,
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

// demoOf runs a demo of a part of the input.
func demoOf(t *testing.T, list []flights.Flight, change func(*demoConfig), args ...string) (code int, stdout, stderr string) {
	t.Helper()
	c, err := demoConfigOf(args)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&c)
	}
	var out, progress bytes.Buffer
	err = runDemo(t.Context(), stdio{out: &out, err: &progress}, c, list)
	code = demoCommand().exit(err, &out, &progress)
	return code, out.String(), progress.String()
}

// result is the part of the JSON that does not hang on time.
func result(t *testing.T, list []flights.Flight, args ...string) map[string]any {
	t.Helper()
	code, out, stderr := demoOf(t, list, nil, append(args, "--json")...)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
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
			args := []string{"--source", source, "--fail", "20%", "--poison", "1%", "--seed", "7"}
			doc := result(t, some(), args...)
			keys := func(v any) string { return strings.Join(slices.Sorted(maps.Keys(v.(map[string]any))), " ") }
			airport := doc["airports"].([]any)[0].(map[string]any)
			for _, c := range []struct{ what, got, want string }{
				{"document", keys(doc), "airports batch db deadLetters deliveredMoreThanOnce duplicatesRecognised fail failedInvocations fate " +
					"invocations partialInvocations poison records retries seed slow source unchanged"},
				{"fate", keys(doc["fate"]), "aggregated countedBefore countedTwice deadAlthoughCounted deadLetters in lost ok wrongTotals"},
				{"airport", keys(airport), "airport days flights meanDelay worstDay"},
				{"day", keys(airport["worstDay"]), "day flights meanDelay"},
				{"dead letter", keys(doc["deadLetters"].([]any)[0]), "batch condition flight id origin reason tries where"},
			} {
				if c.got != c.want {
					t.Errorf("keys of the %s: %s; want %s", c.what, c.got, c.want)
				}
			}
			fate := doc["fate"].(map[string]any)
			letters := float64(len(doc["deadLetters"].([]any))) - fate["deadAlthoughCounted"].(float64)
			if fate["ok"] != true || fate["in"] != 1000.0 || fate["lost"] != 0.0 || fate["countedTwice"] != 0.0 ||
				fate["deadLetters"] != letters || doc["records"] != 1000.0 || doc["unchanged"] != false || fate["countedBefore"] != 0.0 {
				t.Errorf("fate %v", fate)
			}
			for _, d := range doc["deadLetters"].([]any) {
				letter := d.(map[string]any)
				if letter["batch"] != 1.0 || letter["reason"] == "" {
					t.Errorf("dead letter %v", letter)
				}
			}
			if again := result(t, some(), args...); fmt.Sprint(again) != fmt.Sprint(doc) {
				t.Errorf("another run with the same seed gives something else:\n%v\n%v", doc, again)
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

// Every commit fails, or its answer is lost, and every flight is counted or a dead letter.
func TestDemoAllFail(t *testing.T) {
	t.Parallel()
	dead := 0.0
	for _, source := range sources {
		doc := result(t, some()[:300], "--source", source, "--fail", "100%")
		fate := doc["fate"].(map[string]any)
		dead += fate["deadLetters"].(float64)
		if fate["deadLetters"].(float64)+fate["aggregated"].(float64) != 300 || doc["retries"].(float64) < 10 {
			t.Errorf("%s: %v", source, doc)
		}
	}
	if dead == 0 {
		t.Errorf("no dead letters at all")
	}
}

func TestDemoSlow(t *testing.T) {
	t.Parallel()
	hung := 0.0
	for seed := range 8 {
		doc := result(t, some(), "--slow", "--fail", "0", "--poison", "0", "--batch", "20", "--seed", fmt.Sprint(seed))
		if doc["slow"] != true {
			t.Errorf("%v", doc)
		}
		hung += doc["retries"].(float64)
	}
	if hung == 0 {
		t.Errorf("nothing hung")
	}
}

// Whatever the source, the same flights change a file once.
func TestDemoTwiceIntoOneFile(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "flights.db")
	for run, source := range sources {
		code, out, _ := demoOf(t, some(), nil, "--db", db, "--source", source, "--poison", "0", "--fail", "0")
		want := []string{"into " + db, "1,000 in = 1,000 aggregated + 0 dead letters, 0 lost, 0 counted twice", "of a direct fold of the input"}
		if run > 0 {
			want = append(want, "; 1,000 duplicates recognised, none counted\n1,000 of the flights were in "+db+" before this run\nnothing in the database has changed\n")
		}
		for _, w := range want {
			if code != 0 || !strings.Contains(out, w) {
				t.Errorf("run %d, exit code %d: no %q in\n%s", run, code, w, out)
			}
		}
	}
	// Poison is no flight that could be recognised, but counts if it was counted before.
	doc := result(t, some(), "--db", db, "--poison", "2%", "--seed", "3")
	fate := doc["fate"].(map[string]any)
	if fate["aggregated"] != 1000.0 || fate["countedBefore"] != 1000.0 || fate["deadAlthoughCounted"] == 0.0 || doc["unchanged"] != true {
		t.Errorf("%v", fate)
	}
}

// lossy takes a receipt for something, and says it is done, but now and then is not.
type lossy struct{ state.Store }

func (l lossy) Commit(ctx context.Context, pipeline string, writes []state.Write) error {
	for _, w := range writes {
		if w.Kind == state.Value && w.Name == "DTW" {
			return nil
		}
	}
	return l.Store.Commit(ctx, pipeline, writes)
}

func TestDemoFindsLoss(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			lose := func(c *demoConfig) {
				c.Between = func(s state.Store) state.Store { return lossy{s} }
			}
			for _, format := range []string{"--json=false", "--json"} {
				code, out, _ := demoOf(t, some(), lose, "--source", source, format)
				if code != 1 {
					t.Errorf("exit code %d", code)
				}
				want := `RECORDS NOT ACCOUNTED FOR: .* [1-9]\d* lost, 0 counted twice; wrong totals for `
				if format == "--json" {
					want = `"lost": [1-9]\d*,`
				}
				if !regexp.MustCompile(want).MatchString(out) {
					t.Errorf("no %q in\n%s", want, out)
				}
				if strings.Contains(out, "direct fold") {
					t.Errorf("it says that all is well:\n%s", out)
				}
			}
		})
	}
}

// stopping ends a context at the first commit.
type stopping struct {
	state.Store
	stop func()
}

func (s stopping) Commit(context.Context, string, []state.Write) error {
	s.stop()
	return errors.New("stopped")
}

func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		ctx, cancel := context.WithCancel(t.Context())
		var out, progress bytes.Buffer
		c, err := demoConfigOf([]string{"--source", source})
		if err != nil {
			t.Fatal(err)
		}
		c.Between = func(s state.Store) state.Store { return stopping{s, cancel} }
		err = runDemo(ctx, stdio{out: &out, err: &progress}, c, some())
		if code := demoCommand().exit(err, &out, &progress); code != 1 || !strings.Contains(progress.String(), "weir demo: interrupted") {
			t.Errorf("%s: exit code %d, stderr %q", source, code, progress.String())
		}
		if strings.Contains(out.String(), "accounted") {
			t.Errorf("%s: a report without the end", source)
		}
	}
}

func TestDemoLeavesNoFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	if code, _, _ := demoOf(t, some(), nil); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
