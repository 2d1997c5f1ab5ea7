package dynamodb

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server keeps tables in memory and serves them as an http.Handler. Make one with New. It is
// safe for concurrent use; requests are applied one at a time.
type Server struct {
	lag           int
	slow          time.Duration
	conflictOneIn int

	mu      sync.Mutex // guards what follows
	tables  map[string]*table
	streams map[string]*stream // by ARN, also of tables that were deleted
	tokens  map[string]*clientToken
	aging   []*clientToken // the same, oldest first
	rand    *rand.Rand
	serial  uint64 // of requests and sequence numbers

	counting sync.Mutex // guards what follows
	requests map[string]int
	fault    func(Request) Fault

	listening sync.Mutex // guards what follows
	http      *http.Server
}

// Option changes what New makes.
type Option func(*Server)

// Lag makes reads that are not consistent miss the last n requests that wrote to their table.
// Without it they miss nothing, which hides what AWS may show at any time.
func Lag(n int) Option { return func(s *Server) { s.lag = max(0, n) } }

// SlowTables makes tables take d until they are ACTIVE.
func SlowTables(d time.Duration) Option { return func(s *Server) { s.slow = d } }

// ConflictOneIn makes one in n writes, by chance, meet a transaction that is at the same item:
// each PutItem, UpdateItem, DeleteItem and TransactWriteItems.
func ConflictOneIn(n int, seed uint64) Option {
	return func(s *Server) { s.conflictOneIn, s.rand = n, newRand(seed) }
}

// New returns a server without tables.
func New(opts ...Option) *Server {
	s := &Server{tables: map[string]*table{}, streams: map[string]*stream{}, tokens: map[string]*clientToken{}, requests: map[string]int{}}
	for _, o := range opts {
		o(s)
	}
	return s
}

// Start serves on a free port of 127.0.0.1 and returns the endpoint for the client. Close ends it.
func (s *Server) Start() (endpoint string, err error) {
	s.listening.Lock()
	defer s.listening.Unlock()
	if s.http != nil {
		return "", errors.New("dynamodb: the server was started already")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("dynamodb: listen: %w", err)
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func(h *http.Server) { _ = h.Serve(l) }(s.http) // ends with ErrServerClosed
	return "http://" + l.Addr().String(), nil
}

// Close cuts the connections that Start's port has. The tables stay.
func (s *Server) Close() error {
	s.listening.Lock()
	defer s.listening.Unlock()
	if s.http == nil {
		return nil
	}
	err := s.http.Close()
	s.http = nil
	return err
}
