// Command peer measures one Go peer on one payload and prints a line of JSON.
//
//	go run ./cmd/peer -peer weir -payload sqs-100 -seconds 1
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/peers"
	"github.com/weir-go/weir/bench/sample"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("peer", flag.ContinueOnError)
	name := flags.String("peer", "weir", "which peer")
	label := flags.String("as", "", "its name in the output, if another")
	payload := flags.String("payload", "sqs-100", "SOURCE-SIZE")
	dir := flags.String("dir", "", "folder with the payload's file; made anew without")
	seconds := flags.Float64("seconds", 1, "how long to measure")
	if err := flags.Parse(args); err != nil {
		return err
	}
	p, err := corpus.Parse(*payload)
	if err != nil {
		return err
	}
	h := peers.New(*name, p.Source)
	if h == nil {
		return fmt.Errorf("no peer %s for %s", *name, p.Source)
	}
	event, err := read(p, *dir)
	if err != nil {
		return err
	}
	s, err := sample.Take(ctx, h, event, p.Records(event), time.Duration(*seconds*float64(time.Second)))
	if err != nil {
		return err
	}
	s.Peer, s.Payload = *name, p.String()
	if *label != "" {
		s.Peer = *label
	}
	return json.NewEncoder(out).Encode(s)
}

func read(p corpus.Payload, dir string) ([]byte, error) {
	if dir == "" {
		event, _ := p.Event()
		return event, nil
	}
	return os.ReadFile(p.File(dir))
}
