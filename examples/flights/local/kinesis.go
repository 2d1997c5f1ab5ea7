package main

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const shards = 2

type kinesisRecord struct {
	EventSource    string      `json:"eventSource"`
	EventSourceARN string      `json:"eventSourceARN"`
	EventID        string      `json:"eventID"`
	Kinesis        kinesisData `json:"kinesis"`
}

type kinesisData struct {
	PartitionKey   string  `json:"partitionKey"`
	SequenceNumber string  `json:"sequenceNumber"`
	Data           []byte  `json:"data"`
	Arrival        float64 `json:"approximateArrivalTimestamp"`
}

// viaKinesis delivers flights as an event source mapping does, a shard's in order. One in five
// batches that were processed is delivered once more, as after an answer that was lost, and some
// while the function's process is killed.
func viaKinesis(ctx context.Context, path string, flights []flight, rng *rand.Rand) error {
	lists := make([][]kinesisRecord, shards)
	for i, f := range flights {
		h := fnv.New32()
		_, _ = h.Write([]byte(f.origin))
		n := int(h.Sum32() % shards)
		sequence := fmt.Sprintf("4954511524349098501828%034d", i)
		shard := fmt.Sprintf("shardId-%012d", n)
		lists[n] = append(lists[n], kinesisRecord{
			"aws:kinesis", "arn:aws:kinesis:eu-west-1:111122223333:stream/flights", shard + ":" + sequence,
			kinesisData{f.origin, sequence, f.line, float64(1760000000 + i/100)},
		})
	}
	var twice, kills atomic.Int64
	var all sync.WaitGroup
	errs := make([]error, shards)
	for i, list := range lists {
		rng := rand.New(rand.NewPCG(rng.Uint64(), 0))
		all.Go(func() { errs[i] = deliver(ctx, path, list, rng, &twice, &kills) })
	}
	all.Wait()
	fmt.Printf("Kinesis: %d flights, %d batches delivered twice, %d kills of the function\n", len(flights), twice.Load(), kills.Load())
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("kinesis: %w", err)
		}
	}
	return nil
}

// deliver delivers a shard.
func deliver(ctx context.Context, path string, list []kinesisRecord, rng *rand.Rand, twice, kills *atomic.Int64) error {
	f, err := startFunction(ctx, path)
	if err != nil {
		return err
	}
	defer func() { f.stop() }()
	for len(list) > 0 {
		batch := list[:min(len(list), 20+rng.IntN(150))]
		event, err := json.Marshal(map[string]any{"Records": batch})
		if err != nil {
			return err
		}
		if rng.IntN(12) == 0 {
			kills.Add(1)
			time.AfterFunc(time.Duration(rng.IntN(8))*time.Millisecond, f.stop)
		}
		body, err := f.invoke(ctx, event)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil: // it is delivered again
			if err == errKilled {
				if f, err = startFunction(ctx, path); err != nil {
					return err
				}
			}
			continue
		}
		done, err := processed(body, batch)
		if err != nil {
			return err
		}
		if rng.IntN(5) == 0 {
			twice.Add(1)
			continue
		}
		list = list[done:]
	}
	return nil
}

// processed is how many records of a batch need not be delivered again.
func processed(body []byte, batch []kinesisRecord) (int, error) {
	var response struct {
		BatchItemFailures []struct {
			ItemIdentifier string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(body, &response); err != nil {
		return 0, err
	}
	done := len(batch)
	for _, f := range response.BatchItemFailures {
		i := slices.IndexFunc(batch, func(r kinesisRecord) bool { return r.Kinesis.SequenceNumber == f.ItemIdentifier })
		if i < 0 {
			return 0, fmt.Errorf("the function reports %q, which it was not given", f.ItemIdentifier)
		}
		done = min(done, i)
	}
	return done, nil
}
