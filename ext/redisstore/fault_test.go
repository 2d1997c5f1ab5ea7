package redisstore_test

import (
	"testing"

	"github.com/weir-go/weir/ext/internal/losttest"
	"github.com/weir-go/weir/ext/redisstore"
	"github.com/weir-go/weir/state"
)

// lossy has clients with their default of three retries: a commit that was repeated would be
// added four times, or take its own receipt for somebody else's.
func lossy(t *testing.T) losttest.Server {
	return losttest.Server{
		Addr:   address(t),
		Open:   func(t *testing.T, addr string) state.Store { return redisstore.New(client(t, addr)) },
		Answer: []byte("*2\r\n:1\r\n"),
	}
}

func TestF11_F13_LostAnswer(t *testing.T) {
	t.Parallel()
	losttest.OneCommit(t, lossy(t))
}

func TestF03_F11_ManyWriters(t *testing.T) {
	t.Parallel()
	losttest.ManyWriters(t, lossy(t))
}
