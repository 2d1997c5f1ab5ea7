package offload

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"github.com/weir-go/weir"
)

type streamKey struct{}

// stream is what a handler's context has of its record under Stream.
type stream struct {
	c     *config
	m     *weir.Message
	p     Pointer
	large bool

	mu   sync.Mutex
	done bool // the handler has returned
	open []io.Closer
}

func (c *config) streamed(ctx context.Context, m *weir.Message, p Pointer, large bool, next weir.Handler) error {
	s := &stream{c: c, m: m, p: p, large: large}
	defer s.close() // also if the handler panics
	if large {
		note(ctx, m, p, beside(ctx))
	}
	return next(context.WithValue(ctx, streamKey{}, s), m)
}

// close closes what the handler has opened.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = true
	for _, o := range s.open {
		_ = o.Close()
	}
	s.open = nil
}

// keep notes what is to be closed, unless it is too late.
func (s *stream) keep(o io.Closer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return false
	}
	s.open = append(s.open, o)
	return true
}

// Open begins to read the content of the record that a handler was called for, from its beginning.
// A record that is not large has its payload for content. It needs Stream among the options
// of Load.
//
// A read fails if the download breaks off, so only content that was read to io.EOF is whole. The
// error of a read or of Open says what becomes of the record, so return it. Closing is optional: once
// the handler has returned, its readers are closed.
func Open(ctx context.Context) (io.ReadCloser, error) {
	s, ok := ctx.Value(streamKey{}).(*stream)
	if !ok {
		return nil, errors.New("offload: Open: this is not the context of a handler behind offload.Load with offload.Stream")
	}
	if !s.large {
		return io.NopCloser(bytes.NewReader(s.m.Payload)), nil
	}
	o, err := s.c.get(ctx, s.p)
	if err != nil {
		return nil, err
	}
	if !s.keep(o.Body) {
		_ = o.Body.Close()
		return nil, about(s.p, errors.New("the handler has returned"))
	}
	return &body{counted{ctx: ctx, body: o.Body, p: s.p, c: s.c, size: o.Size}, o.Body}, nil
}

type body struct {
	counted
	io.Closer
}
