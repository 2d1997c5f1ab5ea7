package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	topic      = "flights"
	partitions = 6
)

// viaKafka produces flights, some twice, while two workers consume them, and a third that comes
// later. Workers are killed and started again.
func viaKafka(ctx context.Context, path, brokers string, flights []flight, rng *rand.Rand) (err error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(brokers, ",")...), kgo.DefaultProduceTopic(topic))
	if err != nil {
		return err
	}
	defer client.Close()
	var workers []*exec.Cmd
	start := func(i int) error {
		cmd := exec.CommandContext(ctx, path)
		cmd.Env = append(cmd.Environ(), fmt.Sprintf("WORKER=worker-%d", i))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			return err
		}
		if i == len(workers) {
			workers = append(workers, nil)
		}
		workers[i] = cmd
		return nil
	}
	defer func() {
		for _, w := range workers {
			_ = w.Process.Kill()
			_ = w.Wait()
		}
	}()
	for i := range 2 {
		if err := start(i); err != nil {
			return err
		}
	}
	kills, twice := 0, 0
	const steps = 20
	for step := range steps {
		var rs []*kgo.Record
		for _, f := range flights[len(flights)*step/steps : len(flights)*(step+1)/steps] {
			rs = append(rs, &kgo.Record{Key: []byte(f.origin), Value: f.line})
			if rng.IntN(10) == 0 {
				twice++
				rs = append(rs, &kgo.Record{Key: []byte(f.origin), Value: f.line})
			}
		}
		if err := client.ProduceSync(ctx, rs...).FirstErr(); err != nil {
			return err
		}
		time.Sleep(time.Duration(100+rng.IntN(300)) * time.Millisecond)
		switch {
		case step == steps/2: // a rebalance
			if err := start(2); err != nil {
				return err
			}
		case step%3 == 2:
			kills++
			i := rng.IntN(len(workers))
			_ = workers[i].Process.Kill()
			_ = workers[i].Wait()
			if err := start(i); err != nil {
				return err
			}
		}
	}
	sent := int64(len(flights) + twice)
	for {
		n, err := consumed(ctx, client)
		if err != nil {
			return err
		}
		if n == sent {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	fmt.Printf("Kafka: %d flights, %d of them sent twice, %d kills of workers\n", len(flights), twice, kills)
	var errs []error
	for _, w := range workers {
		errs = append(errs, w.Process.Signal(syscall.SIGTERM), w.Wait())
	}
	workers = nil
	return errors.Join(errs...)
}

// consumed is how many records the group has committed.
func consumed(ctx context.Context, client *kgo.Client) (n int64, err error) {
	req := kmsg.NewPtrOffsetFetchRequest()
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group = "departures"
	req.Group = group.Group
	req.Groups = append(req.Groups, group)
	answer, err := req.RequestWith(ctx, client)
	if err != nil {
		return 0, err
	}
	for _, g := range answer.Groups {
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				n += max(0, p.Offset)
			}
		}
	}
	return n, nil
}
