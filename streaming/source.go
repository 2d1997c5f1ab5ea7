package streaming

import (
	"context"
	"time"

	"github.com/weir-go/weir"
)

// Kind says how a source takes back what it has handed out.
type Kind uint8

const (
	// Log is a source that keeps one position for each lane, such as the offset of a Kafka
	// partition. The worker tries a failed record again by itself, and the lane waits for it.
	Log Kind = 1

	// Queue is a source that takes every record back by itself, such as SQS. A failed record goes
	// back, and the source delivers it again.
	Queue Kind = 2
)

// Lane is an order that the worker keeps: of its records one is worked on after another. For a Log
// it is a partition, for a Queue a message group; the zero Lane of a Queue has no order.
type Lane struct {
	Name string

	// Epoch tells one assignment of a lane from the next: a Log counts it up each time that the
	// lane comes to it. So what is left of the assignment before is not taken for the new one's.
	// A Queue leaves it 0.
	Epoch int64
}

// Fetch is records of one lane, in order, behind all that the lane had before.
type Fetch struct {
	Lane Lane

	// Messages have at least ID and Payload. What a pipeline files its receipts by must be the
	// same each time that a record is delivered, by whatever source: SourceARN, the cluster or
	// queue by a name that stays; Shard, the partition (a Log's); ID, the record within that;
	// and Time. A Kafka source gives what weir.Kafka gives: Shard is "orders-1" and ID
	// "orders-1@77". Attempt is set by a Queue; for a Log the worker counts. The worker sets
	// OrderingKey to the lane's name.
	//
	// They are the worker's from now on, payloads included.
	Messages []weir.Message

	// Offsets has one number for each message. A Log's ascend within an epoch, with gaps if need
	// be. A Queue's are any, but distinct among all that it has handed out and not taken back.
	Offsets []int64
}

// Ack takes back what was handed out.
type Ack struct {
	Lane Lane

	// Offset is one of Fetch.Offsets. In a Log everything in the lane up to it is done,
	// itself included. Of a Queue it is this one record.
	Offset int64

	// Return says that the record is not done and shall be delivered again, no sooner than
	// Delay from now. Only a Queue is told so.
	Return bool
	Delay  time.Duration
}

// Room is how much a worker takes at a time.
type Room struct {
	Records int // at least 1; never more than this

	// Bytes is what payloads may take, about: a source that can cut its answers short returns the
	// record with which they are as long, and none after.
	Bytes int
}

// Source is where a worker's records come from. It polls, acknowledges and tells what it loses;
// whatever is the same for all sources is the worker's part: order, concurrency, retries, back-off,
// dead letters, what is done and what not. So a source tries nothing again by itself that the
// worker would, and makes no decision about a record.
//
// The worker calls Open first and Close last, each once. It calls Poll from one goroutine and
// Settle from one at a time, but both at the same time. A Source serves one Run.
type Source interface {
	// Kind says what the source is, always the same.
	Kind() Kind

	// Open begins; ctx is for that alone. The source tells the owner what it loses, until Close
	// returns. An error ends Run.
	Open(ctx context.Context, o Owner) error

	// Poll returns more records, or nothing after a while if there are none: it should wait for
	// the first, some seconds say, and not for more once it has some. When ctx ends it returns
	// soon, and loses nothing: what it has taken by then it returns, or gives back.
	//
	// What it returns together with an error counts. An error that matches io.EOF says that there
	// is nothing more, ever: the worker finishes, and Run returns. (So a Queue waits with it until
	// all that it has handed out is done, or what still goes back to it makes Run return
	// ErrNotDone.) One that matches ErrFatal ends Run with it. After any other the worker backs
	// off and polls again.
	Poll(ctx context.Context, room Room) ([]Fetch, error)

	// Settle takes back records, or moves positions: after an error the worker calls it again
	// with all of them, or later positions. So it must bear to be told twice, and must not fail
	// because of what can never succeed, such as a record that is no longer its own. It
	// remembers by itself what of a Queue is handed out, and keeps that from being delivered to
	// others until it is settled.
	//
	// Acks of a Log come at most once a lane, and never move a position back. Of a lane that was
	// revoked or lost none comes once Owner's method has returned.
	Settle(ctx context.Context, acks []Ack) error

	// Close lets go of everything. What is not settled is another's to process. Poll and Settle
	// have returned for good; Owner's methods may still be called and do nothing. It returns soon
	// after ctx has ended. An error is logged, and is Run's only if it matches ErrFatal.
	Close(ctx context.Context) error
}

// Owner is the worker as its source sees it. Its methods may be called by any goroutine, from
// within Poll, and while Poll and Settle run or wait. They must not be called from within Settle,
// nor under a lock that Settle needs.
type Owner interface {
	// Revoke gives lanes up before they go to another worker. It stops what is being worked
	// on, lets records that have begun finish, and settles what is done, so it calls Settle and
	// waits for it. It returns when that is over, or soon after ctx has ended: then what has
	// not finished is left undone. Give ctx less time than the source has before the lanes go.
	// Records of these lanes that Poll returns afterwards are left alone.
	Revoke(ctx context.Context, lanes ...Lane)

	// Lost says that lanes have gone to another worker. It stops what is being worked on, settles
	// nothing and does not wait.
	Lost(lanes ...Lane)
}

// Pauser is implemented by Logs that can leave lanes out. The worker calls it when it has enough
// of a lane, one that waits for a failed record or takes a quarter of InFlight say, so that others are not held up; records
// that Poll returns all the same are kept. Both may be called at any time between Open and Close,
// must not wait for anything, and ignore lanes that are gone. An assignment of a lane begins
// unpaused. Without it the worker polls no more when all memory is taken by such a lane.
type Pauser interface {
	Pause(lanes ...Lane)
	Resume(lanes ...Lane)
}

// Lagger is implemented by sources that can tell how many records wait to be polled, by
// what they know already: it must not ask anybody, and may be called at any time.
type Lagger interface {
	Lag() (records int64, known bool)
}
