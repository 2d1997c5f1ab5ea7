package redisstore_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"
)

// address returns where the real server is. There are servers in Go for tests, but their
// numbers overflow without a word.
func address(t testing.TB) string {
	t.Helper()
	addr := os.Getenv("WEIR_REDIS")
	if addr == "" {
		t.Skip("WEIR_REDIS is not set: start a server with .ci/serve.sh redis 6391, and set WEIR_REDIS=127.0.0.1:6391")
	}
	return addr
}

func client(t testing.TB, addr string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { c.Close() })
	return c
}

// own returns a name that no other test uses, since the server is shared.
func own(name string) string { return strconv.FormatUint(rand.Uint64(), 36) + "/" + name }
