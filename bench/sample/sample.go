// Package sample is what one process measures of one peer on one payload.
package sample

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/weir-go/weir/bench/proc"
)

// Sample is one line of JSON, by whatever language the peer is in.
type Sample struct {
	Peer    string `json:"peer"`
	Payload string `json:"payload"`
	Records int    `json:"records"`
	Bytes   int    `json:"bytes"`
	Failed  int    `json:"failed"`  // how many records
	Failing string `json:"failing"` // which: a digest of their identifiers
	Runs    int    `json:"runs"`

	CPUPerInvoke float64 `json:"cpuPerInvokeUs"`
	FirstCall    float64 `json:"firstCallMs"`
	PeakMB       float64 `json:"peakMB"` // of the process, the payload included
	Heap         *Heap   `json:"heap,omitempty"`
}

// Heap is what one invocation allocates in steady state; only Go can tell.
type Heap struct {
	Allocs float64 `json:"allocs"`
	Bytes  float64 `json:"bytes"`
}

// CPUPerRecord is in microseconds.
func (s Sample) CPUPerRecord() float64 { return s.CPUPerInvoke / float64(s.Records) }

// Context is one such as aws-lambda-go gives.
func Context(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(parent, 15*time.Minute)
	return lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd"}), cancel
}

// Take measures a handler for about the given time, after a first call and a warm-up.
func Take(ctx context.Context, h lambda.Handler, event []byte, records int, d time.Duration) (s Sample, err error) {
	ctx, cancel := Context(ctx)
	defer cancel()
	begin := time.Now()
	response, err := h.Invoke(ctx, event)
	if err != nil {
		return s, err
	}
	s.FirstCall = ms(time.Since(begin))
	s.Records, s.Bytes = records, len(event)
	if s.Failed, s.Failing, err = Failures(response); err != nil {
		return s, err
	}
	if _, err := repeat(ctx, h, event, d/3); err != nil {
		return s, err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu0, err := proc.CPU()
	if err != nil {
		return s, err
	}
	if s.Runs, err = repeat(ctx, h, event, d); err != nil {
		return s, err
	}
	cpu1, err := proc.CPU()
	if err != nil {
		return s, err
	}
	runtime.ReadMemStats(&after)
	runs := float64(s.Runs)
	s.CPUPerInvoke = 1000 * ms(cpu1-cpu0) / runs
	s.Heap = &Heap{Allocs: float64(after.Mallocs-before.Mallocs) / runs, Bytes: float64(after.TotalAlloc-before.TotalAlloc) / runs}
	memory, err := proc.MemoryOf(os.Getpid())
	s.PeakMB = memory.Peak
	return s, err
}

// repeat invokes until the time is up, and at least three times.
func repeat(ctx context.Context, h lambda.Handler, event []byte, d time.Duration) (runs int, err error) {
	for end := time.Now().Add(d); runs < 3 || time.Now().Before(end); runs++ {
		if _, err := h.Invoke(ctx, event); err != nil {
			return runs, err
		}
	}
	return runs, nil
}

// Failures tells responses with other failed records apart, however they are ordered.
func Failures(response []byte) (n int, digest string, err error) {
	ids, err := FailedIDs(response)
	if err != nil {
		return 0, "", err
	}
	sum := sha256.Sum256([]byte(strings.Join(ids, "\n")))
	return len(ids), hex.EncodeToString(sum[:8]), nil
}

// FailedIDs returns the identifiers in a response, sorted.
func FailedIDs(response []byte) ([]string, error) {
	var r struct {
		Failures []struct {
			ID string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(response, &r); err != nil {
		return nil, fmt.Errorf("the response is no partial batch response: %w", err)
	}
	ids := make([]string, len(r.Failures))
	for i, f := range r.Failures {
		ids[i] = f.ID
	}
	slices.Sort(ids)
	return ids, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
