// Package coldstart starts Lambda functions on a Runtime API of its own, on 127.0.0.1, and
// measures how long they take to their first answer.
package coldstart

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"time"

	"github.com/weir-go/weir/bench/proc"
)

// Function is a program with a loop on the Runtime API.
type Function struct {
	Name string
	Args []string // the command
	Dir  string   // its working folder
	File string   // whose size counts
}

// Start is what one start of a function took.
type Start struct {
	Next     time.Duration // to the first request for an event
	Response time.Duration // to the first response
	CPU      time.Duration // used by then
	Memory   proc.Memory   // had by then
	Warm     time.Duration // the median of the later invocations, through HTTP
}

// Measure starts a function once and has it answer an event again and again.
func Measure(ctx context.Context, f Function, event []byte, invocations int) (s Start, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel() // kills the function, which would ask for events forever
	api, err := serve(event, invocations)
	if err != nil {
		return s, err
	}
	defer api.close()
	cmd := exec.CommandContext(ctx, f.Args[0], f.Args[1:]...)
	cmd.Dir = f.Dir
	cmd.Env = append(cmd.Environ(),
		"AWS_LAMBDA_RUNTIME_API="+api.addr(),
		"AWS_LAMBDA_FUNCTION_NAME=bench",
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=1769",
		"_HANDLER=bootstrap",
	)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	api.mu.Lock()                    // no answer is looked at before there is a process
	api.first = func() (err error) { // before the function is told that its answer came
		if s.CPU, err = proc.CPUOf(cmd.Process.Pid); err != nil {
			return err
		}
		s.Memory, err = proc.MemoryOf(cmd.Process.Pid)
		return err
	}
	begin := time.Now()
	err = cmd.Start()
	api.mu.Unlock()
	if err != nil {
		return s, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-api.done:
		cancel()
		<-ended
	case err = <-ended:
		err = fmt.Errorf("%s ended: %v\n%s", f.Name, err, output.Bytes())
	}
	if err != nil {
		return s, err
	}
	s.Next, s.Response = api.asked.Sub(begin), api.answered.Sub(begin)
	slices.Sort(api.warm)
	s.Warm = api.warm[len(api.warm)/2]
	return s, nil
}
