package once_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
)

// A key that nobody in this process is at work on does not wait for a lease that the process left in the store
// while that was down: a claim whose answer was lost, or one that could not be given up. Others wait.
func TestOrphans(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lost  int // the commit whose answer is lost, 0 for none
		from  int // the call of each kind from which on the store is down
		fails bool
		runs  int // before it is up again
	}{
		"a claim's answer is lost": {lost: 1, from: 1},
		"a release fails":          {from: 2, fails: true, runs: 1},
		"a panic's release fails":  {from: 2, runs: 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			in, down := mem.New(), true
			store := &spy{Store: in}
			store.before = func(op string, n int, _ []state.Write) error {
				if down && n >= c.from && (op != "commit" || n != c.lost) {
					return errDown
				}
				return nil
			}
			store.after = func(_ string, n int, _ []state.Write) error {
				if n == c.lost {
					return errDown
				}
				return nil
			}
			runs := 0
			worker := func(s state.Store) func() error {
				r := weir.NewRunner("worker", weir.Each(func(context.Context, string) error {
					runs++
					switch {
					case !down:
						return nil
					case c.fails:
						return errBoom
					}
					panic("ouch")
				}), once.Use(once.New("f", s), once.MessageID()))
				return func() error {
					_, err := r.Run(t.Context(), []weir.Message{{ID: "a"}}).Of(0)
					return err
				}
			}
			this, other := worker(store), worker(in)
			if err := this(); err == nil {
				t.Fatal(name)
			}
			assert.Equal(t, runs, c.runs, name)
			time.Sleep(time.Second)
			down = false
			assert.Equal(t, errors.Is(other(), once.ErrInProgress), true, name)
			assert.NoError(t, this())
			assert.NoError(t, other())
			assert.Equal(t, runs, c.runs+1, name)
		})
	}
}
