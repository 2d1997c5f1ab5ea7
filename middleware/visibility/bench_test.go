package visibility_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/visibility"
)

// What a batch costs of which all is done, and of which a tenth is not, but for the calls to SQS.
func BenchmarkBackOff(b *testing.B) {
	for _, failed := range []int{0, 10} {
		h := func(_ context.Context, m *weir.Message) error {
			if failed > 0 && m.ID[len(m.ID)-1] == '0' {
				return errNo
			}
			return nil
		}
		for _, with := range []bool{false, true} {
			b.Run(fmt.Sprintf("with=%v/failed=%d%%/n=100", with, failed), func(b *testing.B) {
				b.ReportAllocs()
				var opts []weir.SQSOption
				if with {
					opts = append(opts, visibility.BackOff(silent{}, visibility.Exponential(time.Second, time.Minute)))
				}
				fn, event := weir.SQS(weir.EachMessage(h), opts...), many(100).JSON()
				for b.Loop() {
					if _, err := fn.Invoke(b.Context(), event); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

type silent struct{}

func (silent) ChangeVisibility(context.Context, string, []visibility.Entry) ([]visibility.Failure, error) {
	return nil, nil
}
