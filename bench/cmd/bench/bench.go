package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/weir-go/weir/bench/build"
	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/gobench"
	"github.com/weir-go/weir/bench/node"
	"github.com/weir-go/weir/bench/report"
	"github.com/weir-go/weir/bench/sample"
)

// bench is one run of this command.
type bench struct {
	root     string      // folder of the root module
	dir      string      // folder of this one
	node     node.Folder // within dir
	hasNode  bool        // and its packages
	temp     string      // programs and payloads
	only     *regexp.Regexp
	progress io.Writer
	report   report.Report
}

func newBench(ctx context.Context, temp string, only *regexp.Regexp, progress io.Writer) (*bench, error) {
	root, err := build.Folder(ctx, "github.com/weir-go/weir")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, "bench")
	b := &bench{root: root, dir: dir, node: node.Folder(filepath.Join(dir, "node")), temp: temp, only: only, progress: progress}
	b.report.Date = time.Now().UTC().Format(time.DateOnly)
	b.report.Machine = machine()
	b.report.Cells = map[report.Cell][]sample.Sample{}
	b.report.Versions = []string{runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH}
	for _, name := range []string{"github.com/aws/aws-lambda-go", "github.com/bytedance/sonic"} {
		version, err := build.Version(ctx, name)
		if err != nil {
			return nil, err
		}
		b.report.Versions = append(b.report.Versions, filepath.Base(name)+" "+version)
	}
	return b, nil
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.progress, format+"\n", args...) }

func (b *bench) skip(what string, why error) {
	b.say("skipped: %s: %v", what, why)
	b.report.Skipped = append(b.report.Skipped, fmt.Sprintf("%s: %v", what, why))
}

// measure does Go's benchmarks first: they are what fails if something is broken.
func (b *bench) measure(ctx context.Context, starts, count int) (err error) {
	if b.only.MatchString("go") {
		const schedule = "^BenchmarkSchedule$"
		for _, of := range []struct {
			dir, packages, pattern string
			flags                  []string
		}{
			{".", ".", schedule, []string{"-cpu", "1"}}, // as the peers run, on one core
			{".", "./...", ".", []string{"-skip", schedule}},
			{"ext", "./boltstore", "Pipeline", nil},
		} {
			tables, err := gobench.Run(ctx, filepath.Join(b.root, of.dir), of.packages, of.pattern, count, b.progress, of.flags...)
			if err != nil {
				return err
			}
			b.report.Go = append(b.report.Go, tables...)
		}
	}
	if b.hasNode, err = b.installNode(ctx); err != nil {
		return err
	}
	peers, err := b.peers(ctx)
	if err != nil {
		return err
	}
	if err := b.rounds(ctx, peers); err != nil {
		return err
	}
	if err := b.coldStarts(ctx, starts); err != nil {
		return err
	}
	if len(b.report.Cells) == 0 && len(b.report.Cold) == 0 && len(b.report.Go) == 0 {
		return fmt.Errorf("nothing to measure matches -only %q", b.only)
	}
	return nil
}

// installNode says whether what runs in node was asked for and can run.
func (b *bench) installNode(ctx context.Context) (bool, error) {
	wanted := slices.ContainsFunc(nodeFunctions, func(f nodeFunction) bool { return b.only.MatchString("cold/" + f.name) })
	for _, name := range node.Peers() {
		wanted = wanted || len(b.selected(name, corpus.Sources())) > 0
	}
	if !wanted {
		return false, nil
	}
	version, err := b.node.Version(ctx)
	if err == nil {
		err = b.node.Install(ctx)
	}
	if err != nil {
		b.skip("node and Powertools", err)
		return false, ctx.Err()
	}
	powertools, err := b.node.Powertools()
	if err != nil {
		return false, err
	}
	b.report.Versions = append(b.report.Versions, "node "+version, "@aws-lambda-powertools/batch "+powertools)
	return true, nil
}

// selected are the payloads that a peer is to be measured on.
func (b *bench) selected(peer string, sources []corpus.Source) map[corpus.Payload]bool {
	chosen := map[corpus.Payload]bool{}
	for _, p := range corpus.Payloads() {
		for _, s := range sources {
			if p.Source == s && b.only.MatchString(p.String()+"/"+peer) {
				chosen[p] = true
			}
		}
	}
	return chosen
}
