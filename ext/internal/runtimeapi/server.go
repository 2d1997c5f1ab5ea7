// Package runtimeapi serves the Lambda Runtime API on 127.0.0.1, so that a function can be
// invoked as Lambda does it: in a process of its own, through its own runtime client.
// Reference: "Using the Lambda runtime API for custom runtimes", AWS Lambda Developer Guide.
package runtimeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// maxBody is Lambda's limit on events and responses. Source: AWS's own emulator,
// aws-lambda-runtime-interface-emulator, internal/lambda/interop/model.go.
const maxBody = 6<<20 + 100

// Invocation is one event and what Lambda says about it.
type Invocation struct {
	RequestID   string // required, unique
	Event       []byte
	Deadline    time.Time
	FunctionARN string
	TraceID     string
}

// Result is what the runtime posted for an invocation.
type Result struct {
	Body        []byte
	ContentType string
	Error       *FunctionError // nil when it posted to /response
	Answered    time.Time
}

// FunctionError is the body of a post to /error.
type FunctionError struct {
	Type    string       `json:"errorType"`
	Message string       `json:"errorMessage"`
	Stack   []StackFrame `json:"stackTrace"`
}

// StackFrame is one line of a FunctionError's stack.
type StackFrame struct {
	Path  string `json:"path"`
	Line  int    `json:"line"`
	Label string `json:"label"`
}

// Server is a Runtime API for one function. Runtimes that take several invocations at a time,
// as on Lambda Managed Instances, are served too.
type Server struct {
	queue   chan *pending
	listen  net.Listener
	http    *http.Server
	initErr chan FunctionError

	mu      sync.Mutex
	running map[string]*pending
}

type pending struct {
	Invocation
	answer chan Result
}

// Serve starts a server on a free port. Close ends it.
func Serve() (*Server, error) {
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{
		queue:   make(chan *pending),
		listen:  listen,
		initErr: make(chan FunctionError, 1),
		running: map[string]*pending{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", s.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", s.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", s.failure)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", s.initFailure)
	s.http = &http.Server{Handler: mux}
	go func() { _ = s.http.Serve(listen) }() // ends with ErrServerClosed
	return s, nil
}

// Addr is what the function finds in AWS_LAMBDA_RUNTIME_API.
func (s *Server) Addr() string { return s.listen.Addr().String() }

// InitError receives what a runtime posted to /runtime/init/error.
func (s *Server) InitError() <-chan FunctionError { return s.initErr }

// Close cuts the connections.
func (s *Server) Close() error { return s.http.Close() }

// Invoke hands an event to the next runtime that asks and waits for its answer.
func (s *Server) Invoke(ctx context.Context, in Invocation) (Result, error) {
	if in.RequestID == "" {
		return Result{}, errors.New("runtimeapi: an invocation needs a RequestID")
	}
	p := &pending{Invocation: in, answer: make(chan Result, 1)}
	s.mu.Lock()
	if _, again := s.running[in.RequestID]; again {
		s.mu.Unlock()
		return Result{}, fmt.Errorf("runtimeapi: %s is running already", in.RequestID)
	}
	s.running[in.RequestID] = p
	s.mu.Unlock()
	defer s.take(in.RequestID)
	select {
	case s.queue <- p:
	case <-ctx.Done():
		return Result{}, fmt.Errorf("runtimeapi: no runtime asked for %s: %w", in.RequestID, context.Cause(ctx))
	}
	select {
	case r := <-p.answer:
		return r, nil
	case <-ctx.Done():
		return Result{}, fmt.Errorf("runtimeapi: no answer to %s: %w", in.RequestID, context.Cause(ctx))
	}
}

// take ends an invocation; the first answer counts.
func (s *Server) take(id string) *pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.running[id]
	delete(s.running, id)
	return p
}

func (s *Server) next(w http.ResponseWriter, r *http.Request) {
	select {
	case p := <-s.queue:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", p.RequestID)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(p.Deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", p.FunctionARN)
		h.Set("Lambda-Runtime-Trace-Id", p.TraceID)
		_, _ = w.Write(p.Event) // a runtime that went away shows as no answer
	case <-r.Context().Done():
	}
}

func (s *Server) response(w http.ResponseWriter, r *http.Request) { s.answer(w, r, nil) }

func (s *Server) failure(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, new(FunctionError))
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, e *FunctionError) {
	answered := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", err)
		return
	}
	if e != nil {
		if err := json.Unmarshal(body, e); err != nil {
			refuse(w, http.StatusBadRequest, "InvalidErrorShape", err)
			return
		}
	}
	id := r.PathValue("id")
	p := s.take(id)
	if p == nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", fmt.Errorf("%q is not running", id))
		return
	}
	p.answer <- Result{Body: body, ContentType: r.Header.Get("Content-Type"), Error: e, Answered: answered}
	accept(w)
}

func (s *Server) initFailure(w http.ResponseWriter, r *http.Request) {
	var e FunctionError
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&e); err != nil {
		refuse(w, http.StatusBadRequest, "InvalidErrorShape", err)
		return
	}
	select {
	case s.initErr <- e:
		accept(w)
	default:
		refuse(w, http.StatusForbidden, "InvalidStateTransition", errors.New("the init error was posted before"))
	}
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func refuse(w http.ResponseWriter, status int, kind string, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(FunctionError{Type: kind, Message: err.Error()})
}
