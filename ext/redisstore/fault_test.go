package redisstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weir-go/weir/ext/internal/cutproxy"
	"github.com/weir-go/weir/ext/redisstore"
	"github.com/weir-go/weir/state"
)

var sum = state.Key{Kind: state.Value, Name: "sum"}

func load(t *testing.T, s state.Store, pipeline string, k state.Key) state.Row {
	t.Helper()
	rows, err := s.Load(t.Context(), pipeline, []state.Key{k}, true)
	if err != nil {
		t.Fatal(err)
	}
	return rows[0]
}

func refused(err error) bool {
	return errors.Is(err, state.ErrConflict) || errors.Is(err, state.ErrOverflow) || errors.Is(err, state.ErrNotNumber) || errors.Is(err, state.ErrRefused)
}

// go-redis repeats commands whose answer was lost, three times by default. A commit that was
// repeated would be added four times, or take its own receipt for somebody else's.
func TestF11_F13_LostAnswer(t *testing.T) {
	t.Parallel()
	addr := address(t)
	for _, c := range []struct {
		name   string
		writes []state.Write
	}{
		{"adds", []state.Write{{Key: sum, Add: true, Delta: 5}}},
		{"conditional", []state.Write{{Key: sum, Data: []byte("5")}}},
		{"both", []state.Write{{Key: state.Key{Kind: state.Receipt}, Data: []byte("r")}, {Key: sum, Add: true, Delta: 5}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := cutproxy.New(t, addr)
			cut, direct := redisstore.New(client(t, p.Addr())), redisstore.New(client(t, addr))
			pipeline := own("p")
			load(t, cut, pipeline, sum) // the client has a connection
			if err := direct.Commit(t.Context(), own("other"), c.writes); err != nil {
				t.Fatal(err) // the server has the script
			}
			var sent atomic.Int64
			p.Rule(func(request []byte) cutproxy.Fate {
				if !bytes.Contains(request, []byte(pipeline)) {
					return cutproxy.Fate{}
				}
				sent.Add(1)
				return cutproxy.Fate{Answer: []byte("*")}
			})
			err := cut.Commit(t.Context(), pipeline, c.writes)
			if err == nil || refused(err) {
				t.Errorf("the commit whose answer was lost: %v", err)
			}
			if sent.Load() != 1 {
				t.Errorf("it was sent %d times", sent.Load())
			}
			if r := load(t, direct, pipeline, sum); string(r.Data) != "5" {
				t.Errorf("the row is %q, want 5", r.Data)
			}
			p.Rule(func([]byte) cutproxy.Fate { return cutproxy.Fate{Drop: true} })
			if err := cut.Commit(t.Context(), pipeline, c.writes); err == nil || refused(err) {
				t.Errorf("the commit that never came: %v", err)
			}
			if r := load(t, direct, pipeline, sum); string(r.Data) != "5" {
				t.Errorf("the row is %q, want 5", r.Data)
			}
		})
	}
}

// Writers repeat what failed until their receipt says that it is in, while answers and
// requests are lost. Nothing may be added twice, nor be missing.
func TestF11_SumUnderCuts(t *testing.T) {
	t.Parallel()
	addr := address(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	p := cutproxy.New(t, addr)
	s, direct := redisstore.New(client(t, p.Addr())), redisstore.New(client(t, addr))
	pipeline := own("p")
	random := rand.New(rand.NewPCG(seed, 0))
	cuts := 0
	p.Rule(func(request []byte) (f cutproxy.Fate) {
		if !bytes.Contains(request, []byte(pipeline)) {
			return f
		}
		switch random.IntN(6) {
		case 0:
			f.Answer = []byte("*")
			cuts++
		case 1:
			f.Drop = true
		}
		return f
	})
	const writers, each = 16, 20
	var all sync.WaitGroup
	for g := range writers {
		all.Go(func() {
			for i := range each {
				writes := []state.Write{
					{Key: sum, Add: true, Delta: 1},
					{Key: state.Key{Kind: state.Receipt, Name: fmt.Sprint(g), At: int64(i)}},
				}
				for {
					err := s.Commit(t.Context(), pipeline, writes)
					if err == nil || errors.Is(err, state.ErrConflict) { // the receipt is there
						break
					}
					if refused(err) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	p.Rule(nil)
	if r := load(t, direct, pipeline, sum); string(r.Data) != strconv.Itoa(writers*each) {
		t.Errorf("the sum is %q, want %d", r.Data, writers*each)
	}
	if cuts == 0 {
		t.Error("no answer was lost")
	}
}
