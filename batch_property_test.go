package weir_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weir-go/weir"
)

// TestBatchProperties plays random bulk handlers, bisected or not: what is reported and what
// succeeded is all, what is done was written, and no group on a FIFO queue is written out of order.
func TestBatchProperties(t *testing.T) {
	t.Parallel()
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed %d", s)
	r := rand.New(rand.NewPCG(s, 2))
	for range 3000 {
		if err := playBatch(t, r); err != nil {
			t.Fatalf("seed %d: %v", s, err)
		}
	}
}

func playBatch(t *testing.T, r *rand.Rand) error {
	source := []string{"sqs", "fifo", "kinesis", "kafka"}[r.IntN(4)]
	skip := source == "fifo" && r.IntN(2) == 0
	stop := !skip && r.IntN(3) == 0
	var recs []rec
	bad := map[string]string{} // what is wrong with a record
	for i := range r.IntN(20) {
		id := fmt.Sprintf("%021d", i)
		lane := fmt.Sprint("g", r.IntN(4))
		if source == "kafka" {
			lane = "t-0" // one, so that record order is theirs
			id = fmt.Sprintf("%s@%d", lane, i)
		}
		recs = append(recs, rec{id, lane, `"` + id + `"`})
		switch r.IntN(12) {
		case 0:
			bad[id] = "slice" // fails the whole write
		case 1:
			bad[id] = "own" // fails alone
		case 2:
			bad[id] = "json"
			recs[i].body = "no JSON"
		}
	}
	var opts []weir.BatchOption
	bisect := r.IntN(3) > 0
	if bisect {
		opts = append(opts, weir.Bisect())
	}
	var written []string
	verb := weir.Batch(func(_ context.Context, b *weir.BatchOf[jsonText]) error {
		if len(b.Values()) == 0 {
			return errors.New("called for nothing")
		}
		for _, id := range b.Values() {
			if bad[string(id)] == "slice" {
				return errors.New("refused")
			}
		}
		for item := range b.All() {
			if bad[string(item.Value)] == "own" {
				b.Fail(item, errors.New("own"))
			} else {
				written = append(written, string(item.Value))
			}
		}
		return nil
	}, opts...)
	flow := []weir.FlowOption{weir.ReportAll()}
	if stop {
		flow = append(flow, weir.StopOnFailure())
	}
	goOn := source == "kafka" && !stop && r.IntN(3) == 0
	p := play{source: source, recs: recs, skip: skip, goOn: goOn, every: source == "kafka" && !goOn}
	res := p.invoke(t, t.Context(), p.with(verb, flow))
	if res.err != nil {
		return res.err
	}
	about := fmt.Sprintf("%+v bad %v bisect %v stop %v: reported %v, written %v", p, bad, bisect, stop, res.failed, written)
	for i, r := range recs {
		reported := slices.Contains(res.failed, r.id)
		wrote := slices.Contains(written, r.id)
		switch {
		case !reported && !wrote:
			return fmt.Errorf("%s is lost: %s", r.id, about)
		case bad[r.id] != "" && !reported:
			return fmt.Errorf("%s is bad and not reported: %s", r.id, about)
		case bisect && source != "fifo" && (source != "kafka" || goOn) && !stop && reported && bad[r.id] == "":
			return fmt.Errorf("%s is good and reported: %s", r.id, about)
		}
		for _, later := range recs[i+1:] {
			if !reported || !slices.Contains(written, later.id) || slices.Contains(res.failed, later.id) {
				continue
			}
			if stop || source == "fifo" && (!skip || later.lane == r.lane) || source == "kafka" && !goOn {
				return fmt.Errorf("%s is done behind %s, which is not: %s", later.id, r.id, about)
			}
		}
	}
	if source != "kafka" && !slices.IsSortedFunc(res.failed, strings.Compare) {
		return fmt.Errorf("out of order: %s", about)
	}
	return nil
}

// jsonText is decoded from a JSON string; a plain string would take the payload as it is.
type jsonText string
