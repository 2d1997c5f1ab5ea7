// Package report writes BENCHMARKS.md from what was measured.
package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/weir-go/weir/bench/coldstart"
	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/gobench"
	"github.com/weir-go/weir/bench/sample"
)

// Report is what one run of the benchmarks measured. Parts may be missing.
type Report struct {
	Date     string
	Machine  string
	Versions []string
	Rounds   int
	Seconds  float64
	Skipped  []string // peers and why

	Cells map[Cell][]sample.Sample // one sample a round
	Cold  []Cold
	Go    []gobench.Table
}

// Cell is one peer on one payload.
type Cell struct {
	Payload corpus.Payload
	Peer    string
}

// Cold is the starts of one function.
type Cold struct {
	Name   string
	Size   int64 // of its file
	Starts []coldstart.Start
}

// Names of functions and peers that the goals are about.
const (
	Weir       = "weir"
	NewImage   = "weir-new"
	Bare       = "aws-lambda-go alone"
	Std        = "std"
	Powertools = "ts-sync"
)

// Peers describes the rows, in their order.
var peers = []struct{ name, about string }{
	{Weir, "`weir.SQS(weir.Each(handle))` and so on, as in the README; on DynamoDB, over `weir.Change`, it decodes both images and the keys, the others the new image alone"},
	{NewImage, "DynamoDB only, over `weir.NewImage`: it decodes what the others decode"},
	{"safe-plan", "reference: what the machine permits, with values that may be kept; a decoder for this corpus (`bench/reference`), no library"},
	{Std, "event structs of aws-lambda-go, encoding/json, a loop"},
	{"std-jsonv2", "the same, built with GOEXPERIMENT=jsonv2"},
	{"sonic", "the same with sonic, a JIT, in both layers"},
	{Powertools, "Powertools for AWS Lambda (TypeScript), `processPartialResponseSync`, plain objects without validation"},
	{"ts-async", "the same, `processPartialResponse`: all records at once"},
}

// Write writes the page.
func (r *Report) Write(w io.Writer) error {
	var b strings.Builder
	r.head(&b)
	r.goals(&b)
	for _, s := range corpus.Sources() {
		r.source(&b, s)
	}
	r.cold(&b)
	if len(r.Go) > 0 {
		b.WriteString("\n## Inside weir\n\nGo's own benchmarks, the fastest of several runs; Schedule on one core, the others on all. Rows named peer are other ways to do the same.\n")
	}
	for _, t := range r.Go {
		b.WriteString("\n" + t.Markdown())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) head(b *strings.Builder) {
	fmt.Fprintf(b, "# Benchmarks\n\nMade by `make bench` on %s.\n\n- %s\n- %s\n", r.Date, r.Machine, strings.Join(r.Versions, ", "))
	for _, s := range r.Skipped {
		fmt.Fprintf(b, "- skipped: %s\n", s)
	}
	fmt.Fprintf(b, `
Bytes of an event in, bytes of the partial batch response out. Every peer gets the same payloads (%s),
decodes each record and calls a handler that refuses one record in a hundred. The payload of SQS and Kinesis records is a JSON
order of 316 bytes with 12 fields; DynamoDB items have 12 attributes. 6 MB is Lambda's limit: as many records as fit.

Each peer ran %d times for %g s in a fresh process on one core, the peers in turns. Times are those of the
least disturbed round, other figures medians. CPU is the process's, user and system, all threads, garbage collection included. A
ratio is the peer's CPU over weir's: above 1, weir is faster. Times drift with the machine: compare rows of one table.

| peer | |
|---|---|
`, "`bench/corpus`", r.Rounds, r.Seconds)
	for _, p := range peers {
		fmt.Fprintf(b, "| %s | %s |\n", p.name, p.about)
	}
}
