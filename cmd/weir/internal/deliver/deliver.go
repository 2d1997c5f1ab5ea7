// Package deliver hands records to a Lambda function as Lambda's event source mappings do:
// in batches, with real event JSON, checkpoints, retries, visibility timeouts and dead
// letters. Time in queues is virtual, so nothing here ever waits but for the function.
//
// It knows the documented rules of mappings with ReportBatchItemFailures. Batching windows,
// record age, parallelization and throttling are left out.
package deliver

import (
	"context"
	"fmt"
	"time"
)

// Function is a Lambda function, such as the method Invoke of a weir.Lambda.
type Function func(ctx context.Context, event []byte) ([]byte, error)

// Record is what a producer sends.
type Record struct {
	Key  string      // partition key or message group
	Data string      // the payload, but for DynamoDB
	Item []Attribute // for DynamoDB
	Time time.Time
}

// Attribute is an attribute of a DynamoDB item.
type Attribute struct {
	Name, Type, Value string // Type is S or N
	Key               bool   // whether it is part of the item's key
}

// Mapping is an event source mapping and the function behind it.
type Mapping struct {
	Function Function

	// Batch is the most records an invocation gets.
	Batch int

	// Tries is how often a record that keeps failing is delivered before it becomes a
	// dead letter: maxReceiveCount, or MaximumRetryAttempts + 1.
	Tries int

	// Timeout is the function's. It is real time.
	Timeout time.Duration

	// Seed decides what AWS would: identifiers, and the order of a standard queue.
	Seed uint64

	// Meter is told what happens. Required.
	Meter *Meter
}

// maxEvent is the largest event that Lambda sends.
const maxEvent = 6 << 20

// Shards is how many shards a stream has.
const Shards = 4

// region and account stand in every ARN.
const (
	region  = "us-east-1"
	account = "111122223333"
)

// invoke runs the function as Lambda does, which takes no answer after the timeout.
func (m *Mapping) invoke(ctx context.Context, number uint64, event []byte) ([]byte, error) {
	inner, cancel := context.WithTimeout(context.WithValue(ctx, numberKey{}, number), m.Timeout)
	defer cancel()
	response, err := m.Function(inner, event)
	if ctx.Err() == nil && inner.Err() != nil {
		return nil, fmt.Errorf("task timed out after %v", m.Timeout)
	}
	return response, err
}

type numberKey struct{}

// Number returns the number of the invocation that a context is of. It stands for the same
// records in every run, whatever else runs at the same time.
func Number(ctx context.Context) (number uint64, ok bool) {
	number, ok = ctx.Value(numberKey{}).(uint64)
	return number, ok
}

// join makes an event of records, which are JSON.
func join(records [][]byte) []byte {
	size := 0
	for _, r := range records {
		size += len(r) + 1
	}
	event := append(make([]byte, 0, size+16), `{"Records":[`...)
	for i, r := range records {
		if i > 0 {
			event = append(event, ',')
		}
		event = append(event, r...)
	}
	return append(event, "]}"...)
}
