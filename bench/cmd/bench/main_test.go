package main

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"testing"

	"github.com/weir-go/weir/internal/assert"
)

func TestReport(t *testing.T) {
	t.Parallel()
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("builds programs for Linux and runs them")
	}
	var out bytes.Buffer
	args := []string{"-rounds", "2", "-seconds", "0", "-starts", "2", "-only", "^(sqs-10/(weir|std|safe-plan)|cold/(weir|aws-lambda-go alone))$"}
	assert.NoError(t, run(t.Context(), args, &out, io.Discard))
	assert.Contains(t, out.String(), "## Goals", "### SQS, 10 records, ", "| weir | ", "| safe-plan | ", "| std | ", "## Cold start", "| aws-lambda-go alone | ")
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("refuses everything")
	}
	assert.Error(t, run(t.Context(), []string{"-only", "("}, io.Discard, io.Discard), "-only")
	assert.Error(t, run(t.Context(), []string{"-only", "sqs-7/weir"}, io.Discard, io.Discard), "nothing to measure")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Error(t, run(gone, []string{"-only", "sqs-1/weir"}, io.Discard, io.Discard), "canceled")
}
