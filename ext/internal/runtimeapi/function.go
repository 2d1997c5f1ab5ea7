package runtimeapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
)

// ErrExited matches the error of an invocation during which the process ended, which Lambda
// calls Runtime.ExitError.
var ErrExited = errors.New("runtimeapi: the function's process ended")

// Function is a process that serves invocations.
type Function struct {
	*Server
	cmd    *exec.Cmd
	stderr output
	exited context.Context // its cause is how the process ended
}

// Start runs cmd as a function. Its standard error is kept; Stop ends it.
func Start(cmd *exec.Cmd) (*Function, error) {
	s, err := Serve()
	if err != nil {
		return nil, err
	}
	f := &Function{Server: s, cmd: cmd}
	cmd.Env = append(cmd.Environ(),
		"AWS_LAMBDA_RUNTIME_API="+s.Addr(),
		"AWS_LAMBDA_FUNCTION_NAME=fn",
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
		"_HANDLER=bootstrap",
	)
	cmd.Stderr = &f.stderr
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	exited, end := context.WithCancelCause(context.Background())
	f.exited = exited
	go func() { end(fmt.Errorf("%w: %v", ErrExited, cmd.Wait())) }()
	return f, nil
}

// Invoke is Server.Invoke, which does not outlive the process.
func (f *Function) Invoke(ctx context.Context, in Invocation) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(f.exited, func() { cancel(context.Cause(f.exited)) })()
	return f.Server.Invoke(ctx, in)
}

// Stop kills the process, waits for it and closes the server.
func (f *Function) Stop() error {
	err := f.cmd.Process.Kill()
	<-f.exited.Done()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	return errors.Join(f.Close(), err)
}

// Pid is the process's id.
func (f *Function) Pid() int { return f.cmd.Process.Pid }

// Exited is closed when the process has ended.
func (f *Function) Exited() <-chan struct{} { return f.exited.Done() }

// Log is what the function wrote to standard error so far.
func (f *Function) Log() string { return f.stderr.String() }

// output may be read while the process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
