package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"

	"github.com/weir-go/weir/bench/build"
	"github.com/weir-go/weir/bench/coldstart"
	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/report"
)

// invocations of one start: enough for a median of the later ones.
const invocations = 20

type nodeFunction struct {
	name, program string
	bundled       bool // in one file, as users deploy it
}

var nodeFunctions = []nodeFunction{
	{"node, no library", "boot-bare.mjs", false},
	{"node, Powertools TS, one bundled file", "boot-powertools.mjs", true},
	{"node, Powertools TS, node_modules", "boot-powertools.mjs", false},
}

// coldStarts starts the reference functions in turns.
func (b *bench) coldStarts(ctx context.Context, starts int) error {
	functions, err := b.functions(ctx)
	if err != nil || len(functions) == 0 {
		return err
	}
	for _, f := range functions {
		c := report.Cold{Name: f.Name}
		if f.File != "" {
			info, err := os.Stat(f.File)
			if err != nil {
				return err
			}
			c.Size = info.Size()
		}
		b.report.Cold = append(b.report.Cold, c)
	}
	event, _ := corpus.Payload{Source: corpus.SQS, Size: 10}.Event()
	for n := range starts {
		for i, f := range functions {
			s, err := coldstart.Measure(ctx, f, event, invocations)
			if err != nil {
				return err
			}
			b.report.Cold[i].Starts = append(b.report.Cold[i].Starts, s)
		}
		if n%10 == 0 {
			b.say("cold start %d of %d", n+1, starts)
		}
	}
	return nil
}

func (b *bench) functions(ctx context.Context) ([]coldstart.Function, error) {
	var all []coldstart.Function
	for _, f := range []struct{ name, command string }{
		{report.Bare, "boot-bare"},
		{report.Weir, "boot-weir"},
		{report.Std, "boot-std"},
	} {
		if !b.only.MatchString("cold/" + f.name) {
			continue
		}
		b.say("building %s", f.command)
		file := filepath.Join(b.temp, f.command)
		if err := build.Function(ctx, b.dir, runtime.GOARCH, f.command, file); err != nil {
			return nil, err
		}
		// A copy, for a file that go build has just written starts up to 0.4 ms more slowly.
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		file += "-copy"
		if err := os.WriteFile(file, text, 0o755); err != nil {
			return nil, err
		}
		all = append(all, coldstart.Function{Name: f.name, Args: []string{file}, Dir: b.temp, File: file})
	}
	if !b.hasNode {
		return all, nil
	}
	for _, f := range nodeFunctions {
		if !b.only.MatchString("cold/" + f.name) {
			continue
		}
		function := coldstart.Function{Name: f.name, Args: []string{"node", f.program}, Dir: string(b.node)}
		if f.bundled {
			function.File = filepath.Join(b.temp, f.program)
			function.Args[1] = function.File
			if err := b.node.Bundle(ctx, function.File); err != nil {
				b.skip(f.name, err)
				continue
			}
		}
		all = append(all, function)
	}
	return all, nil
}
