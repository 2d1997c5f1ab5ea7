package middleware_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware"
)

// coded and answered stand for errors of the AWS SDK and of HTTP clients.
type coded string

func (c coded) Error() string     { return string(c) }
func (c coded) ErrorCode() string { return string(c) }

type answered int

func (s answered) Error() string       { return fmt.Sprint(int(s)) }
func (s answered) HTTPStatusCode() int { return int(s) }

type replied struct{ code int }

func (s *replied) Error() string   { return fmt.Sprint(s.code) }
func (s *replied) StatusCode() int { return s.code }

func TestThrottled(t *testing.T) {
	t.Parallel()
	for _, err := range []error{coded("ThrottlingException"), answered(429), answered(503), &replied{429},
		fmt.Errorf("put: %w", coded("SlowDown")), errors.Join(errStock, nil, fmt.Errorf("%w, %w", errStock, coded("RequestThrottled"))),
		weir.RetryAfter(1, weir.Unavailable(coded("ProvisionedThroughputExceededException")))} {
		assert.Equal(t, middleware.Throttled(err), true, fmt.Sprint(err))
	}
	for _, err := range []error{nil, errStock, coded("ValidationException"), coded(""), answered(500), answered(404), &replied{200},
		&middleware.OpenError{Err: coded("SlowDown")}, weir.Unavailable(nil), errors.Join(nilError{}, errStock)} {
		assert.Equal(t, middleware.Throttled(err), false, fmt.Sprint(err))
	}
}

type nilError struct{}

func (nilError) Error() string   { return "nil inside" }
func (nilError) Unwrap() []error { return []error{nil} }

func TestFailureClass(t *testing.T) {
	t.Parallel()
	_, missing := os.Open("does-not-exist")
	var syntax error = json.Unmarshal([]byte("{"), new(any))
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{weir.Drop(errDown), ""},
		{fmt.Errorf("about: %w", weir.Permanent(context.DeadlineExceeded)), ""},
		{weir.Undecodable(errStock), ""},
		{weir.Abort(errDown), ""},
		{weir.Unavailable(&middleware.OpenError{Err: errDown}), ""},
		{errors.Join(weir.Drop(errStock), weir.Permanent(errStock)), ""},
		{errors.Join(weir.Drop(errStock), errStock), "*errors.errorString"},
		{errStock, "*errors.errorString"},
		{fmt.Errorf("ship: %w", errStock), "*errors.errorString"},
		{weir.RetryAfter(1, errStock), "*errors.errorString"},
		{weir.RetryAfter(1, nil), "*weir.RetryAfterError"},
		{nilError{}, "middleware_test.nilError"},
		{syntax, "*json.SyntaxError"},
		{missing, "syscall.Errno"},
		{os.Rename("does-not-exist", "neither"), "syscall.Errno"},
		{fmt.Errorf("read: %w", &fs.PathError{Op: "read", Path: "x", Err: errStock}), "*errors.errorString"},
		{weir.Unavailable(nil), "unavailable"},
		{weir.RetryAfter(1, weir.Unavailable(errStock)), "unavailable"},
		{context.DeadlineExceeded, "unavailable"},
		{fmt.Errorf("call: %w", os.ErrDeadlineExceeded), "unavailable"},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "unavailable"},
		{&net.DNSError{}, "unavailable"},
		{coded("ThrottlingException"), "unavailable"},
		{answered(500), "unavailable"},
		{&replied{502}, "unavailable"},
		{answered(404), "middleware_test.answered"},
		{coded("ValidationException"), "middleware_test.coded"},
		{busy(true), ""}, {fmt.Errorf("x: %w", busy(true)), ""}, {busy(false), "middleware_test.busy"},
	} {
		assert.Equal(t, middleware.FailureClass(tt.err), tt.want, fmt.Sprint(tt.err))
	}
}

type busy bool

func (b busy) Error() string   { return "busy" }
func (b busy) Blameless() bool { return bool(b) }
