package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/weir-go/weir/bench/build"
	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/node"
	"github.com/weir-go/weir/bench/report"
)

// peer is one row of the report.
type peer struct {
	name    string
	on      map[corpus.Payload]bool
	command func(ctx context.Context, payload, seconds string) *exec.Cmd
}

// peers builds the peers that were asked for. Each program links no more than its peer needs,
// so that nobody pays for sonic's memory but sonic.
func (b *bench) peers(ctx context.Context) ([]peer, error) {
	streams := []corpus.Source{corpus.SQS, corpus.Kinesis}
	var all []peer
	built := map[string]error{}
	for _, row := range []struct {
		name, program, peer string
		tags, experiment    string
		sources             []corpus.Source
		optional            bool
	}{
		{"weir", "peer", "weir", "nosonic", "", corpus.Sources(), false},
		{report.NewImage, "peer", report.NewImage, "nosonic", "", []corpus.Source{corpus.DynamoDB}, false},
		{"safe-plan", "peer", "safe-plan", "nosonic", "", streams, false},
		{"std", "peer", "std", "nosonic", "", corpus.Sources(), false},
		{"std-jsonv2", "peer-jsonv2", "std", "nosonic", "jsonv2", corpus.Sources(), true},
		{"sonic", "peer-sonic", "sonic", "", "", corpus.Sources(), true},
	} {
		on := b.selected(row.name, row.sources)
		if len(on) == 0 {
			continue
		}
		if row.name == "sonic" && runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
			b.skip(row.name, errors.New("it has no JIT on "+runtime.GOARCH))
			continue
		}
		file := filepath.Join(b.temp, row.program)
		err, done := built[row.program]
		if !done {
			b.say("building %s", row.program)
			err = build.Peer(ctx, b.dir, row.tags, row.experiment, file)
			built[row.program] = err
		}
		switch {
		case err != nil && row.optional && ctx.Err() == nil:
			b.skip(row.name, fmt.Errorf("it does not build: %w", err))
			continue
		case err != nil:
			return nil, err
		}
		all = append(all, peer{row.name, on, func(ctx context.Context, payload, seconds string) *exec.Cmd {
			return exec.CommandContext(ctx, file, "-peer", row.peer, "-as", row.name, "-dir", b.temp, "-payload", payload, "-seconds", seconds)
		}})
	}
	if !b.hasNode {
		return all, nil
	}
	for _, name := range node.Peers() {
		if on := b.selected(name, corpus.Sources()); len(on) > 0 {
			all = append(all, peer{name, on, func(ctx context.Context, payload, seconds string) *exec.Cmd {
				return b.node.Peer(ctx, name, b.temp, payload, seconds)
			}})
		}
	}
	return all, nil
}
