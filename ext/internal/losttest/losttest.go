// Package losttest checks what stores on real servers do when the network loses an answer: a
// commit is applied once, and nobody is told that it was not.
package losttest

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
	"github.com/weir-go/weir/state"
)

// Server is a real one.
type Server struct {
	Addr   string                                      // host:port
	Open   func(t *testing.T, addr string) state.Store // the same rows at any address
	Answer []byte                                      // in each answer to a Commit that was applied
}

var (
	sum     = state.Key{Kind: state.Value, Name: "sum"}
	receipt = state.Key{Kind: state.Receipt, Name: "receipt"}
)

// OneCommit loses the answer to one commit, and to all its repetitions, if there are any. Then
// CommitVersions tells no versions either.
func OneCommit(t *testing.T, server Server) {
	commits := map[string]func(t *testing.T, s state.Store, pipeline string, writes []state.Write) error{
		"Commit": func(t *testing.T, s state.Store, pipeline string, writes []state.Write) error {
			return s.Commit(t.Context(), pipeline, writes)
		},
		"CommitVersions": func(t *testing.T, s state.Store, pipeline string, writes []state.Write) error {
			versions, err := s.(state.Versioner).CommitVersions(t.Context(), pipeline, writes)
			if err != nil && versions != nil || err == nil && len(versions) != len(writes) {
				t.Errorf("CommitVersions: %v, %v", versions, err)
			}
			return err
		},
	}
	for _, c := range []struct {
		name   string
		writes []state.Write
	}{
		{"adds", []state.Write{{Key: sum, Add: true, Delta: 5}}},
		{"conditional", []state.Write{{Key: sum, Data: []byte("5")}}},
		{"both", []state.Write{{Key: receipt, Data: []byte("r")}, {Key: sum, Add: true, Delta: 5}}},
	} {
		for name, commit := range commits {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				p := cutproxy.New(t, server.Addr)
				cut, direct := server.Open(t, p.Addr()), server.Open(t, server.Addr)
				if err := commit(t, cut, own(), c.writes); err != nil { // it is connected, and has prepared what it sends
					t.Fatal(err)
				}
				pipeline := own()
				var sent atomic.Int64
				p.Rule(func(request []byte) (f cutproxy.Fate) {
					if bytes.Contains(request, []byte(pipeline)) {
						sent.Add(1)
						f.Answer = server.Answer
					}
					return f
				})
				if err := commit(t, cut, pipeline, c.writes); err == nil || refused(err) {
					t.Errorf("the commit whose answer was lost: %v", err)
				}
				if sent.Load() != 1 {
					t.Errorf("it was sent %d times", sent.Load())
				}
				if got := load(t, direct, pipeline, sum); got != "5" {
					t.Errorf("the row is %q, want 5", got)
				}
				p.Rule(func([]byte) cutproxy.Fate { return cutproxy.Fate{Drop: true} })
				if err := commit(t, cut, pipeline, c.writes); err == nil || refused(err) {
					t.Errorf("the commit that never came: %v", err)
				}
				if got := load(t, direct, pipeline, sum); got != "5" {
					t.Errorf("the row is %q, want 5", got)
				}
			})
		}
	}
}

// ManyWriters has writers repeat what failed until their receipt says that it is in, while
// answers and requests are lost. Nothing may be added twice, nor be missing.
func ManyWriters(t *testing.T, server Server) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	p := cutproxy.New(t, server.Addr)
	s, direct := server.Open(t, p.Addr()), server.Open(t, server.Addr)
	pipeline := own()
	random := rand.New(rand.NewPCG(seed, 0))
	cuts := 0
	p.Rule(func(request []byte) (f cutproxy.Fate) {
		if !bytes.Contains(request, []byte(pipeline)) {
			return f
		}
		switch random.IntN(6) {
		case 0:
			f.Answer = server.Answer
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
					{Key: state.Key{Kind: state.Receipt, Name: fmt.Sprint(g), At: int64(i)}},
					{Key: sum, Add: true, Delta: 1},
				}
				if err := repeat(t, s, pipeline, writes); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	p.Rule(nil)
	if got := load(t, direct, pipeline, sum); got != strconv.Itoa(writers*each) {
		t.Errorf("the sum is %q, want %d", got, writers*each)
	}
	if cuts == 0 {
		t.Error("no answer was lost")
	}
}

// repeat commits until the first of the writes, which creates a row, is in.
func repeat(t *testing.T, s state.Store, pipeline string, writes []state.Write) error {
	for {
		err := s.Commit(t.Context(), pipeline, writes)
		if err == nil {
			return nil
		}
		if errors.Is(err, state.ErrConflict) { // with itself, or with others
			rows, err := s.Load(t.Context(), pipeline, []state.Key{writes[0].Key}, true)
			if err == nil && rows[0].Version != 0 {
				return nil
			}
		} else if refused(err) {
			return err
		}
	}
}

func refused(err error) bool {
	return errors.Is(err, state.ErrConflict) || errors.Is(err, state.ErrOverflow) || errors.Is(err, state.ErrNotNumber) || errors.Is(err, state.ErrRefused)
}

func load(t *testing.T, s state.Store, pipeline string, k state.Key) string {
	t.Helper()
	rows, err := s.Load(t.Context(), pipeline, []state.Key{k}, true)
	if err != nil {
		t.Fatal(err)
	}
	return string(rows[0].Data)
}

// own returns a name that nothing else on the server has.
func own() string { return "lost" + strconv.FormatUint(rand.Uint64(), 36) }
