// Command bench measures weir beside its peers and writes BENCHMARKS.md.
//
//	go run ./bench/cmd/bench                          # everything, about ten minutes
//	go run ./bench/cmd/bench -only 'sqs-1000/'        # every peer on one payload, to standard output
//	go run ./bench/cmd/bench -only '/(weir|std)$|cold'
//
// It needs Linux, and node with npm for the peers that run on it. What a peer lacks is said
// in the report; everything else is measured all the same.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second ctrl-C ends it the hard way
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, progress io.Writer) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(progress)
	rounds := flags.Int("rounds", 5, "how often each peer is measured on each payload")
	seconds := flags.Float64("seconds", 0.4, "how long each time, after a third of it to warm up")
	starts := flags.Int("starts", 21, "how often each function is started cold")
	count := flags.Int("count", 3, "how often Go's benchmarks run")
	only := flags.String("only", "", "a regular expression for what to measure: `PAYLOAD/PEER`, cold/FUNCTION or go; the report goes to standard output then")
	out := flags.String("out", "", "the file to write, - for standard output (default BENCHMARKS.md)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if runtime.GOOS != "linux" {
		return errors.New("CPU time, memory and cores are Linux's here")
	}
	selected, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	temp, err := os.MkdirTemp("", "weir-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	b, err := newBench(ctx, temp, selected, progress)
	if err != nil {
		return err
	}
	b.report.Rounds, b.report.Seconds = *rounds, *seconds
	begin := time.Now()
	if err := b.measure(ctx, *starts, *count); err != nil {
		return err
	}
	fmt.Fprintf(progress, "measured in %v\n", time.Since(begin).Round(time.Second))
	if *out == "-" || *out == "" && *only != "" {
		return b.report.Write(stdout)
	}
	if *out == "" {
		*out = filepath.Join(b.root, "BENCHMARKS.md")
	}
	file, err := os.Create(*out)
	if err != nil {
		return err
	}
	return errors.Join(b.report.Write(file), file.Close())
}
