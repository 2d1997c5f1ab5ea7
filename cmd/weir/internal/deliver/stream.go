package deliver

import (
	"context"
	"slices"
	"sync"

	"github.com/weir-go/weir"
)

// streamRecord is a record as it stands in a shard.
type streamRecord struct {
	index    int
	sequence string
	json     []byte
}

// shard is delivered in order, one invocation at a time.
type shard struct {
	name    string
	records []streamRecord
	dead    []DeadLetter
	invoked uint64
}

// stream is some shards of one mapping. It bisects batches on function errors.
type stream struct {
	m          *Mapping
	shards     [Shards]shard
	deliveries []int // each element is of one shard only
}

func newStream(m *Mapping, records int) *stream {
	return &stream{m: m, deliveries: make([]int, records)}
}

func (s *stream) run(ctx context.Context) (*Outcome, error) {
	var wg sync.WaitGroup
	errs := make([]error, Shards)
	for i := range s.shards {
		wg.Go(func() { errs[i] = s.read(ctx, &s.shards[i]) })
	}
	wg.Wait()
	out := &Outcome{Deliveries: s.deliveries}
	for i := range s.shards {
		if errs[i] != nil {
			return nil, errs[i]
		}
		out.Dead = append(out.Dead, s.shards[i].dead...)
	}
	out.sort()
	return out, nil
}

// read delivers a shard from its start to its end.
func (s *stream) read(ctx context.Context, sh *shard) error {
	for rest := sh.records; len(rest) > 0; {
		n, size := 0, 0
		for n < len(rest) && n < s.m.Batch {
			if size += len(rest[n].json) + 1; n > 0 && size > maxEvent-16 {
				break
			}
			n++
		}
		if err := s.deliver(ctx, sh, rest[:n], 0); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// deliver invokes the function until every record of the batch is done or dead. attempt
// counts the tries before. The checkpoint is the start of what is left of the batch.
func (s *stream) deliver(ctx context.Context, sh *shard, batch []streamRecord, attempt int) error {
	for len(batch) > 0 {
		v, done, err := s.invoke(ctx, sh, batch)
		switch {
		case err != nil:
			return err
		case v == success:
			s.settle(len(batch))
			return nil
		case v == partial && done > 0:
			// Progress restarts the budget of retries, and splits without bisecting.
			s.settle(done)
			batch, attempt = batch[done:], 0
			continue
		case v == failure && len(batch) > 1:
			// Bisecting uses up no retry. The first half comes first, which keeps order.
			half := len(batch) / 2
			if err := s.deliver(ctx, sh, batch[:half], attempt); err != nil {
				return err
			}
			batch = batch[half:]
			continue
		}
		if attempt++; attempt >= s.m.Tries {
			s.bury(sh, batch, attempt)
			return nil
		}
	}
	return nil
}

// invoke returns what Lambda makes of one invocation, and how many records precede the
// lowest one that was reported. The error is that of an ended context.
func (s *stream) invoke(ctx context.Context, sh *shard, batch []streamRecord) (v verdict, done int, err error) {
	jsons, ids, again := make([][]byte, len(batch)), make([]string, len(batch)), false
	for i, r := range batch {
		jsons[i], ids[i] = r.json, r.sequence
		again = again || s.deliveries[r.index] > 0
		s.deliveries[r.index]++
	}
	sh.invoked++
	response, failed := s.m.invoke(ctx, uint64(batch[0].index)<<32|sh.invoked, join(jsons))
	if err := ctx.Err(); err != nil {
		return failure, 0, err
	}
	v, reported := judge(response, failed, ids)
	s.m.Meter.invoked(again, v)
	if v != partial {
		return v, 0, nil
	}
	lowest := ""
	for id := range reported {
		if lowest == "" || weir.CompareSequenceNumbers(id, lowest) < 0 {
			lowest = id
		}
	}
	return v, slices.Index(ids, lowest), nil
}

func (s *stream) settle(n int) { s.m.Meter.Settled.Add(int64(n)) }

// bury sends records to the on-failure destination.
func (s *stream) bury(sh *shard, batch []streamRecord, tries int) {
	for _, r := range batch {
		sh.dead = append(sh.dead, DeadLetter{r.index, r.sequence, sh.name, "RetryAttemptsExhausted", tries, len(batch)})
	}
	s.m.Meter.Dead.Add(int64(len(batch)))
	s.settle(len(batch))
}
