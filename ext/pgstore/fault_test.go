package pgstore_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/weir-go/weir/ext/internal/losttest"
	"github.com/weir-go/weir/ext/pgstore"
	"github.com/weir-go/weir/state"
)

func lossy(t *testing.T) losttest.Server {
	_, pool, table := open(t)
	server := pool.Config().ConnConfig
	return losttest.Server{
		Addr: net.JoinHostPort(server.Host, strconv.Itoa(int(server.Port))),
		Open: func(t *testing.T, addr string) state.Store {
			pool := connect(t, func(c *pgxpool.Config) {
				host, port, err := net.SplitHostPort(addr)
				if err != nil {
					t.Fatal(err)
				}
				n, err := strconv.ParseUint(port, 10, 16)
				if err != nil {
					t.Fatal(err)
				}
				c.ConnConfig.Host, c.ConnConfig.Port = host, uint16(n)
			})
			return pgstore.New(pool, table)
		},
		Answer: []byte("Z\x00\x00\x00\x05I"), // ready for another query, in no transaction
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
