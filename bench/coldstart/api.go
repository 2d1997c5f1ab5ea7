package coldstart

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// api is a Runtime API that has one event, for one function with one invocation at a time.
type api struct {
	event       []byte
	invocations int
	listen      net.Listener
	http        *http.Server

	done chan error    // gets word after the last response, or the first bad one
	over chan struct{} // closed when no more events come

	mu              sync.Mutex
	first           func() error // called at the first response
	served          int
	sent            time.Time
	asked, answered time.Time // the first request, the first response
	warm            []time.Duration
}

const path = "/2018-06-01/runtime/invocation/"

func serve(event []byte, invocations int) (*api, error) {
	listen, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &api{event: event, invocations: max(2, invocations), listen: listen, done: make(chan error, 1), over: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path+"next", a.next)
	mux.HandleFunc("POST "+path, a.response)
	a.http = &http.Server{Handler: mux}
	go func() { _ = a.http.Serve(listen) }() // ends with ErrServerClosed
	return a, nil
}

func (a *api) addr() string { return a.listen.Addr().String() }

func (a *api) close() {
	close(a.over)
	_ = a.http.Close() // nobody is left to talk to
}

func (a *api) next(w http.ResponseWriter, r *http.Request) {
	n := a.take(time.Now())
	if n == 0 {
		select {
		case <-a.over:
		case <-r.Context().Done():
		}
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(a.event)))
	h.Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprintf("request-%d", n))
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(time.Minute).UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:bench")
	h.Set("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
	_, _ = w.Write(a.event) // a function that went away shows by its end
}

// take returns the number of the next invocation, 0 if there are no more.
func (a *api) take(now time.Time) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.served == 0 {
		a.asked = now
	}
	if a.served == a.invocations {
		return 0
	}
	a.served++
	a.sent = time.Now()
	return a.served
}

func (a *api) response(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	body, err := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err != nil:
	case !strings.HasSuffix(r.URL.Path, "/response"), !bytes.Contains(body, []byte(`"batchItemFailures"`)):
		err = fmt.Errorf("POST %s: %s", r.URL.Path, body)
	case a.answered.IsZero():
		a.answered = now
		err = a.first()
	default:
		a.warm = append(a.warm, now.Sub(a.sent))
	}
	if err != nil || len(a.warm) == a.invocations-1 {
		select {
		case a.done <- err:
		default: // was told before
		}
	}
	w.WriteHeader(http.StatusAccepted)
}
