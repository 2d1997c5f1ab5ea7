package runtimeapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func serve(t *testing.T) (s *Server, base string) {
	t.Helper()
	s, err := Serve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, "http://" + s.Addr() + "/2018-06-01/runtime"
}

func do(t *testing.T, method, url, body string) (status int, header http.Header, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func TestOneInvocation(t *testing.T) {
	t.Parallel()
	s, base := serve(t)
	type answer struct {
		r   Result
		err error
	}
	answered := make(chan answer)
	go func() {
		r, err := s.Invoke(t.Context(), Invocation{RequestID: "r1", Event: []byte(`{"a":1}`), Deadline: time.UnixMilli(1760000000123), FunctionARN: "arn:f", TraceID: "Root=1"})
		answered <- answer{r, err}
	}()
	_, header, event := do(t, "GET", base+"/invocation/next", "")
	if event != `{"a":1}` {
		t.Errorf("event = %s", event)
	}
	for name, want := range map[string]string{
		"Lambda-Runtime-Aws-Request-Id":       "r1",
		"Lambda-Runtime-Deadline-Ms":          "1760000000123",
		"Lambda-Runtime-Invoked-Function-Arn": "arn:f",
		"Lambda-Runtime-Trace-Id":             "Root=1",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if status, _, text := do(t, "POST", base+"/invocation/other/response", "x"); status != http.StatusBadRequest || !strings.Contains(text, "InvalidRequestID") {
		t.Errorf("answer to an unknown request: %d %s", status, text)
	}
	if status, _, _ := do(t, "POST", base+"/invocation/r1/response", strings.Repeat("x", maxBody+1)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("answer that is too large: %d", status)
	}
	if status, _, _ := do(t, "POST", base+"/invocation/r1/response", "done"); status != http.StatusAccepted {
		t.Errorf("answer: %d", status)
	}
	if a := <-answered; a.err != nil || string(a.r.Body) != "done" || a.r.Error != nil {
		t.Errorf("Invoke = %+v", a)
	}
	if status, _, _ := do(t, "POST", base+"/invocation/r1/response", "again"); status != http.StatusBadRequest {
		t.Errorf("second answer: %d", status)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	s, base := serve(t)
	body, err := json.Marshal(FunctionError{Type: "T", Message: "m"})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		do(t, "GET", base+"/invocation/next", "")
		do(t, "POST", base+"/invocation/r1/error", string(body))
	}()
	r, err := s.Invoke(t.Context(), Invocation{RequestID: "r1"})
	if err != nil || r.Error == nil || r.Error.Type != "T" || r.Error.Message != "m" {
		t.Errorf("Invoke = %+v, %v", r, err)
	}
	if status, _, _ := do(t, "POST", base+"/init/error", string(body)); status != http.StatusAccepted {
		t.Errorf("init error: %d", status)
	}
	if e := <-s.InitError(); e.Type != "T" {
		t.Errorf("init error = %+v", e)
	}
	if _, err := s.Invoke(t.Context(), Invocation{}); err == nil {
		t.Error("an invocation without a request id was taken")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Invoke(gone, Invocation{RequestID: "r2"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Invoke with nobody there = %v", err)
	}
}

func TestProcessThatEnds(t *testing.T) {
	t.Parallel()
	f, err := Start(exec.CommandContext(t.Context(), "sh", "-c", "echo gone >&2; exit 3"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Invoke(t.Context(), Invocation{RequestID: "r1"})
	if !errors.Is(err, ErrExited) || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("Invoke = %v", err)
	}
	if f.Log() != "gone\n" {
		t.Errorf("Log = %q", f.Log())
	}
	if err := f.Stop(); err != nil {
		t.Error(err)
	}
}
