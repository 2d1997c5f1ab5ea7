package dynamodb

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
)

// Client returns a client that reaches the server without a network, whatever the address. It is
// for tests in a synctest bubble, where delays then cost no time.
func (s *Server) Client() *http.Client { return &http.Client{Transport: inProcess{s}} }

type inProcess struct{ s *Server }

// RoundTrip has the server answer a request.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(r.Body)
		_ = r.Body.Close() // it was read
		if err != nil {
			return nil, err
		}
	}
	// The request may outlive its sender.
	inner := r.Clone(r.Context())
	inner.Body = io.NopCloser(bytes.NewReader(body))
	answer := make(chan *recorder, 1)
	go func() { answer <- p.serve(inner) }()
	select {
	case w := <-answer:
		if w.cut {
			return nil, io.ErrUnexpectedEOF
		}
		return &http.Response{
			Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
		}, nil
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	}
}

// serve is ServeHTTP, and notes whether the connection was to be cut.
func (p inProcess) serve(r *http.Request) (w *recorder) {
	w = &recorder{header: http.Header{}}
	defer func() {
		if e := recover(); e == http.ErrAbortHandler {
			w.cut = true
		} else if e != nil {
			panic(e)
		}
	}()
	p.s.ServeHTTP(w, r)
	return w
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
	cut    bool
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }
