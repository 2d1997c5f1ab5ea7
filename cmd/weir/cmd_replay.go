package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir/archive"
	"github.com/weir-go/weir/cmd/weir/internal/demo"
	"github.com/weir-go/weir/ext/zstdarchive"
	"github.com/weir-go/weir/pipeline"
)

const replayUsage = `Usage: weir replay [flags] ARCHIVE...

replay merges archived flights into the totals of weir demo's pipeline: departures and mean
delays by airport and day, in a bbolt file. An archive is a file of JSON lines, plain or
compressed with gzip or zstd, or a directory, which stands for all files in it.

Each flight counts at its own time, and once: those that the file has from weir demo, or
from a replay before, are recognised. So a replay that was interrupted or killed can simply
be run again. All archives are read once before anything is merged, so that none is corrupt.

  --db FILE    the bbolt file, departures.db by default; made if there is none
  --batch N    merge N records at a time, at most: 8192 by default
  --json       print one JSON document, and no progress

The report goes to stdout, progress to stderr. Exit code 0: all records were merged or
recognised. 1: some failed, or the replay stopped. 2: wrong usage.

  weir demo --db flights.db --archive flights.jsonl.gz
  weir replay --db flights.db flights.jsonl.gz

To replay into a pipeline of your own, also from S3, write a program of 20 lines: see the
example "program" of pipeline.Replay.
`

func replayCommand() command {
	return command{
		Name:  "replay",
		Short: "merge archives into the totals of the demo, each record once",
		Usage: replayUsage,
		Run: func(ctx context.Context, std stdio, args []string) error {
			c, err := replayConfigOf(args)
			if err != nil {
				return err
			}
			return runReplay(ctx, std, c)
		},
	}
}

// replayConfig is what the arguments say.
type replayConfig struct {
	db    string
	batch int
	json  bool
	paths []string
}

func replayConfigOf(args []string) (c replayConfig, err error) {
	flags := flag.NewFlagSet("replay", flag.ContinueOnError)
	flags.StringVar(&c.db, "db", "departures.db", "")
	flags.IntVar(&c.batch, "batch", 8192, "")
	flags.BoolVar(&c.json, "json", false, "")
	if c.paths, err = parseSome(flags, args); err != nil {
		return c, err
	}
	switch {
	case len(c.paths) == 0:
		return c, usagef("which archives? Give files or directories")
	case c.db == "":
		return c, usagef("the name of a file is empty")
	case c.batch < 1:
		return c, usagef("no batches of %d: a batch has at least 1 record", c.batch)
	}
	for _, p := range c.paths {
		if strings.Contains(p, "://") {
			return c, usagef("%s is no local file: copy it here, or write a program with pipeline.Replay and package s3archive", p)
		}
		if within(c.db, p) {
			return c, usagef("the database %s is in %s, which is to be replayed: keep it elsewhere, with --db", c.db, p)
		}
	}
	return c, nil
}

// within says whether a file is, or is in, a path.
func within(file, path string) bool {
	a, err := filepath.Abs(file)
	b, err2 := filepath.Abs(path)
	if err != nil || err2 != nil {
		return false // what is wrong will be said when it is opened
	}
	rel, err := filepath.Rel(b, a)
	return err == nil && filepath.IsLocal(rel)
}

// replayReport is the result of a replay, and its form as JSON.
type replayReport struct {
	DB         string          `json:"db"`
	Records    int64           `json:"records"`
	Merged     int64           `json:"merged"`
	Duplicates int64           `json:"duplicatesRecognised"`
	Failed     int64           `json:"failed"`
	Failures   []replayFailure `json:"failures"` // the first
	Flights    int64           `json:"flightsInDB"`
	Airports   []demo.Airport  `json:"airports"`
	Millis     int64           `json:"durationMs"`
}

type replayFailure struct {
	Archive string `json:"archive"`
	Line    int64  `json:"line"`
	Error   string `json:"error"`
}

func runReplay(ctx context.Context, std stdio, c replayConfig) (err error) {
	source := archive.Files(c.paths, zstdarchive.Decompress())
	size, err := source.Size(ctx) // before a database is made for nothing
	if err != nil {
		return err
	}
	db, err := demo.OpenDatabase(ctx, c.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	meter := &replayMeter{source: source, size: size}
	stop := func() {}
	if !c.json {
		fmt.Fprintf(std.out, "replaying %s of archives into %s\n", bytesText(size), c.db)
		stop = meter.progress(std).start()
	}
	if err := source.Check(ctx); err != nil {
		stop()
		return fmt.Errorf("nothing was replayed: %w", err)
	}
	meter.checked.Store(true)
	begin := time.Now()
	result, err := pipeline.Replay(ctx, demo.Departures(db), source, pipeline.ReplayBatch(c.batch), pipeline.Progress(0, meter.tell))
	took := time.Since(begin)
	stop()
	if err != nil {
		if errors.Is(err, context.Canceled) {
			fmt.Fprintln(std.err, "run it again: what was merged will be recognised")
		}
		return err
	}
	totals, err := demo.ReadTotals(ctx, db)
	if err != nil {
		return err
	}
	r := newReplayReport(c.db, result, totals, took)
	if c.json {
		err = writeJSON(std.out, r)
	} else {
		err = r.writeText(std.out)
	}
	if err == nil && r.Failed > 0 {
		err = errFindings
	}
	return err
}

func newReplayReport(db string, result pipeline.ReplayResult, totals demo.Totals, took time.Duration) *replayReport {
	r := &replayReport{
		DB: db, Records: result.Records, Merged: result.Merged, Duplicates: result.Duplicates, Failed: result.Failed,
		Failures: []replayFailure{}, Flights: totals.Flights(), Airports: totals.Airports(), Millis: took.Milliseconds(),
	}
	for _, f := range result.Failures {
		r.Failures = append(r.Failures, replayFailure{f.Archive, f.Line, f.Err.Error()})
	}
	return r
}

const topFailures = 20

func (r *replayReport) writeText(w io.Writer) error {
	b := &strings.Builder{}
	demo.WriteAirports(b, r.Airports)
	if r.Failed > 0 {
		fmt.Fprintf(b, "\n%s records failed:\n", demo.Thousands(r.Failed))
		for _, f := range r.Failures[:min(topFailures, len(r.Failures))] {
			fmt.Fprintf(b, "  %s:%d  %s\n", nearName(f.Archive), f.Line, demo.Clip(f.Error, 100))
		}
		if more := r.Failed - topFailures; more > 0 {
			fmt.Fprintf(b, "  and %s more\n", demo.Thousands(more))
		}
	}
	fmt.Fprintf(b, "\n%s records: %s merged, %s duplicates recognised, %s failed\n",
		demo.Thousands(r.Records), demo.Thousands(r.Merged), demo.Thousands(r.Duplicates), demo.Thousands(r.Failed))
	if r.Merged == 0 {
		fmt.Fprintf(b, "nothing in %s has changed\n", r.DB)
	}
	fmt.Fprintf(b, "%s has %s flights\n", r.DB, demo.Thousands(r.Flights))
	_, err := io.WriteString(w, b.String())
	return err
}

// nearName is a file's name from here, if that is shorter.
func nearName(name string) string {
	here, err := os.Getwd()
	if err == nil {
		if near, err := filepath.Rel(here, filepath.FromSlash(name)); err == nil && len(near) < len(name) {
			return near
		}
	}
	return name
}

// replayMeter is how far a replay is.
type replayMeter struct {
	source  *archive.Source
	size    int64
	checked atomic.Bool
	last    atomic.Pointer[pipeline.ReplayProgress]
}

func (m *replayMeter) tell(p pipeline.ReplayProgress) { m.last.Store(&p) }

func (m *replayMeter) progress(std stdio) *progress {
	return &progress{
		w:     std.err,
		live:  isTerminal(std.err),
		share: m.share,
		text:  m.text,
		brief: m.brief,
	}
}

// share is of both readings: checking takes less than half of the time.
func (m *replayMeter) share() float64 {
	const checking = 0.2
	read := 1.0
	if m.size > 0 {
		read = float64(m.source.Done()) / float64(m.size)
	}
	if !m.checked.Load() {
		return checking * read
	}
	return checking + (1-checking)*read
}

func (m *replayMeter) text() string {
	if !m.checked.Load() {
		return fmt.Sprintf("checking the archives: %s of %s", bytesText(m.source.Done()), bytesText(m.size))
	}
	p := m.last.Load()
	if p == nil {
		p = new(pipeline.ReplayProgress)
	}
	return fmt.Sprintf("%s records: %s merged, %s recognised, %s failed; %s of %s",
		demo.Thousands(p.Records), demo.Thousands(p.Merged), demo.Thousands(p.Duplicates), demo.Thousands(p.Failed),
		bytesText(m.source.Done()), bytesText(m.size))
}

func (m *replayMeter) brief() string {
	p := m.last.Load()
	if p == nil {
		return m.text()
	}
	return fmt.Sprintf("%s merged, %s recognised, %s failed; %s of %s", demo.Thousands(p.Merged),
		demo.Thousands(p.Duplicates), demo.Thousands(p.Failed), bytesText(m.source.Done()), bytesText(m.size))
}

// bytesText writes a size as people read it.
func bytesText(n int64) string {
	const unit = 1000
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	x := float64(n)
	for _, name := range []string{"kB", "MB", "GB"} {
		if x /= unit; x < unit-0.05 {
			return fmt.Sprintf("%.1f %s", x, name)
		}
	}
	return fmt.Sprintf("%.1f TB", x/unit)
}
