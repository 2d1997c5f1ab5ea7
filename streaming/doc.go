// Package streaming runs a handler or a pipeline as a long-running worker, in a container say,
// over a source such as Kafka or a queue.
//
//	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
//	defer stop()
//	err := streaming.Run(ctx, departures, source)
//
// The verb is what stands behind a Lambda as well: weir.Each(f), weir.Batch(f), a pipeline. Its errors
// mean what they mean there.
//
// # The mental model
//
// A source hands out records in lanes. A lane is a partition of a log, or a message group of a
// queue, and keeps its order: one record after another, and none before an earlier one is done. The
// worker makes batches of what is there, of many lanes but each lane in one at a time, runs the
// verb over them, and tells the source what is done: of a log the position up to which everything
// is, of a queue each record.
//
//	            lanes            batches                what is done
//	source --> |||||| --> [ verb ] [ verb ] [ verb ] --> source
//	             ^              |
//	             +--- kept -----+ failed: later, with a pause
//
// What fails stays in its lane: a record of a log is tried again after a pause, and blocks its
// lane, not others, until it is done or given up by DeadLetter. A record of a queue goes back to it.
// What fails for a reason of its own counts an attempt; see Attempts for what is no fault of the
// record's. What fails by weir.Unavailable, as all
// records of a pipeline do when its store is down, counts none: the worker pauses, and a batch
// every now and then finds out whether it may go on.
//
// # The promise
//
// A record is acknowledged only when its verb is done with it, or DeadLetter is: nothing is lost by
// a crash, a shutdown, or a partition that moves to another worker. It may be processed again after
// one of these; a pipeline counts it once all the same.
//
// # Caveats
//
//   - A handler that ignores its context holds up shutting down, and is left behind at its end.
//   - A lane that is blocked keeps what was polled of it in memory. See InFlight, and Pauser
//     for what keeps it from holding up others. When it does all the same the worker is not Ready.
//   - The order of a lane holds among the records of one delivery. What was done and not
//     acknowledged comes again.
package streaming

import (
	"context"

	"github.com/weir-go/weir"
)

// Run makes a Worker and runs it: see Worker.Run.
func Run(ctx context.Context, v weir.Verb, s Source, opts ...Option) error {
	return NewWorker(v, s, opts...).Run(ctx)
}
