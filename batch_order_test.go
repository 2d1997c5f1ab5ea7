package weir_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

// What is Done waits for those before it that are not decided yet, where it would overtake them: it is not run
// again while they are bisected, counts when they are done, and does not when one has failed.
func TestDoneDoesNotOvertake(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ arn, in, want, calls string }{
		{fifoARN, "abc", "a succeeded, b succeeded, c succeeded", "abc ac"},
		{fifoARN, "Xbc", "X failed, b skipped, c skipped", "Xbc Xc X"},
		{fifoARN, "bXc", "b succeeded, X failed, c skipped", "bXc Xc X"},
		{fifoARN, "bb", "b succeeded, b succeeded", "bb"},
		{standardARN, "Xbc", "X failed, b succeeded, c succeeded", "Xbc Xc X c"},
	} {
		var calls []string
		verb := weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
			all := strings.Join(b.Values(), "")
			calls = append(calls, all)
			for r := range b.All() {
				if r.Value == "b" {
					b.Done(r)
				}
			}
			if strings.ContainsAny(all, "bX") {
				return errors.New("no")
			}
			return nil
		}, weir.Bisect())
		var recs []rec
		for _, v := range strings.Split(c.in, "") {
			recs = append(recs, rec{v, "1", v})
		}
		for _, verb := range []weir.Verb{verb, weir.Unwrap(verb, lines)} {
			calls = nil
			assert.Equal(t, invoke(t, t.Context(), weir.SQS(verb), sqsEvent(c.arn, recs...)).states(), c.want, c.in)
			assert.Equal(t, strings.Join(calls, " "), c.calls)
		}
	}
}

// Nor does it at the deadline, when those before it are not known.
func TestDoneDoesNotOvertakeTheLate(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]string{fifoARN: "a succeeded, b skipped, c skipped", standardARN: "a succeeded, b skipped, c succeeded"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			end := make(chan struct{})
			defer close(end)
			verb := weir.Batch(func(_ context.Context, b *weir.BatchOf[string]) error {
				for r := range b.All() {
					if r.Value != "b" {
						b.Done(r)
					}
				}
				<-end
				return nil
			})
			recs := []rec{{"a", "1", "a"}, {"b", "1", "b"}, {"c", "1", "c"}}
			assert.Equal(t, invoke(t, ctx, weir.SQS(verb), sqsEvent(arn, recs...)).states(), want)
		})
	}
}

// A FIFO batch of which nothing can be decoded.
func TestBatchOfNothingInOrder(t *testing.T) {
	t.Parallel()
	verb := weir.Batch(func(context.Context, *weir.BatchOf[int]) error { return nil }, weir.Bisect())
	res := invoke(t, t.Context(), weir.SQS(verb), sqsEvent(fifoARN, named("x", "y")...))
	assert.Error(t, res.err, "2 of 2 records failed")
}
