package envelope_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

// The time may be up at any moment of opening, of which the race detector is to see nothing: the
// answer is made while the records are being opened. Virtual time has no such moments.
func TestAnsweredWhileOpening(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	v := weir.Unwrap(weir.EachMessage(idle), func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
		parts := make([]weir.Message, 2000)
		for i := range parts {
			parts[i] = m.WithPart(i, m.Payload)
		}
		return parts, nil
	})
	l := weir.SQS(v, weir.DeadlineReserve(time.Microsecond), weir.ReportAll())
	e := weirtest.SQS("a", "b")
	late := 0
	for range 400 {
		begin := time.Now()
		weirtest.Run(t.Context(), l, e).WantDone(t)
		whole := time.Since(begin)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rng.Int64N(int64(whole))))
		res := weirtest.Run(ctx, l, e)
		cancel()
		for _, r := range res.Records {
			switch r.State {
			case weirtest.Skipped:
				late++
			case weirtest.Succeeded:
			default:
				t.Fatalf("%s is %s: %v", r.ID, r.State, r.Err)
			}
		}
	}
	if late == 0 {
		t.Error("every invocation was in time")
	}
}
