package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/proc"
	"github.com/weir-go/weir/bench/report"
	"github.com/weir-go/weir/bench/sample"
)

// rounds measures the peers in turns, so that whatever the machine does meets all of them.
func (b *bench) rounds(ctx context.Context, peers []peer) error {
	var payloads []corpus.Payload
	for _, p := range corpus.Payloads() {
		for _, peer := range peers {
			if peer.on[p] {
				payloads = append(payloads, p)
				break
			}
		}
	}
	for _, p := range payloads {
		if err := p.Write(b.temp); err != nil {
			return err
		}
	}
	for round := range b.report.Rounds {
		for _, p := range payloads {
			if err := b.turn(ctx, round, p, peers); err != nil {
				return err
			}
		}
	}
	return nil
}

// turn measures every peer once on a payload.
func (b *bench) turn(ctx context.Context, round int, p corpus.Payload, peers []peer) error {
	var first sample.Sample
	line := fmt.Sprintf("round %d of %d, %s, us/record:", round+1, b.report.Rounds, p)
	for _, peer := range peers {
		if !peer.on[p] {
			continue
		}
		s, err := b.sample(ctx, peer, p)
		if err != nil {
			return err
		}
		if first.Peer == "" {
			first = s
		}
		if s.Failing != first.Failing || s.Records != first.Records {
			return fmt.Errorf("%s: %s failed %d of %d records, %s failed %d of %d: their figures do not compare",
				p, first.Peer, first.Failed, first.Records, s.Peer, s.Failed, s.Records)
		}
		cell := report.Cell{Payload: p, Peer: peer.name}
		b.report.Cells[cell] = append(b.report.Cells[cell], s)
		line += fmt.Sprintf(" %s %.2f", peer.name, s.CPUPerRecord())
	}
	b.say("%s", line)
	return nil
}

func (b *bench) sample(ctx context.Context, peer peer, p corpus.Payload) (s sample.Sample, err error) {
	cmd := peer.command(ctx, p.String(), strconv.FormatFloat(b.report.Seconds, 'g', -1, 64))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err = proc.StartPinned(cmd); err == nil {
		err = cmd.Wait()
	}
	if err == nil {
		err = json.Unmarshal(stdout.Bytes(), &s)
	}
	if err != nil {
		err = fmt.Errorf("%s on %s: %w\n%s", peer.name, p, err, stderr.Bytes())
	}
	return s, err
}
