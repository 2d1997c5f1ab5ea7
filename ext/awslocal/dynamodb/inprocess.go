package dynamodb

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
)

// Client returns a client that reaches the server without a network, whatever the address: a
// request is answered by the goroutine that sends it. It is for tests in a synctest bubble, where
// a fault's Delay then costs no time.
func (s *Server) Client() *http.Client { return &http.Client{Transport: inProcess{s}} }

type inProcess struct{ s *Server }

// RoundTrip has the server answer a request.
func (p inProcess) RoundTrip(r *http.Request) (out *http.Response, err error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	defer func() {
		if e := recover(); e == http.ErrAbortHandler {
			out, err = nil, io.ErrUnexpectedEOF
			if cause := context.Cause(r.Context()); cause != nil {
				err = cause
			}
		} else if e != nil {
			panic(e)
		}
	}()
	w := &recorder{header: http.Header{}}
	p.s.ServeHTTP(w, r)
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }
