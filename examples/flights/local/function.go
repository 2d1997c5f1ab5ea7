package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// function is a process of the Lambda, which asks for its events by the Runtime API.
type function struct {
	cmd    *exec.Cmd
	server *http.Server
	exited chan struct{}
	events chan []byte
	answer chan answer
}

type answer struct {
	body   []byte
	failed bool
}

var errKilled = errors.New("the function's process was killed")

func startFunction(ctx context.Context, path string) (*function, error) {
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &function{exited: make(chan struct{}), events: make(chan []byte), answer: make(chan answer, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case event := <-f.events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "one")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(30*time.Second).UnixMilli(), 10))
			_, _ = w.Write(event)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // its process was killed
		}
		w.WriteHeader(http.StatusAccepted)
		f.answer <- answer{body, strings.HasSuffix(r.URL.Path, "/error")}
	})
	f.server = &http.Server{Handler: mux}
	go func() { _ = f.server.Serve(listen) }() // until stop
	f.cmd = exec.CommandContext(ctx, path)
	f.cmd.Env = append(f.cmd.Environ(), "AWS_LAMBDA_RUNTIME_API="+listen.Addr().String(), "_HANDLER=bootstrap",
		"AWS_LAMBDA_FUNCTION_NAME=departures", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128")
	f.cmd.Stderr = os.Stderr
	if err := f.cmd.Start(); err != nil {
		return nil, errors.Join(err, f.server.Close())
	}
	go func() {
		_ = f.cmd.Wait()
		close(f.exited)
	}()
	return f, nil
}

func (f *function) invoke(ctx context.Context, event []byte) ([]byte, error) {
	select {
	case f.events <- event:
	case <-f.exited:
		return nil, errKilled
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case a := <-f.answer:
		if a.failed {
			return nil, errors.New(string(a.body))
		}
		return a.body, nil
	case <-f.exited:
		return nil, errKilled
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// stop kills the process, as Lambda may at any time.
func (f *function) stop() {
	_ = f.cmd.Process.Kill()
	<-f.exited
	_ = f.server.Close()
}
