package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/aws/aws-lambda-go/events"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/awsevents"
	"github.com/weir-go/weir/middleware/deadletter"
)

// audit is the function behind the dead letter queue. Its handler was written for aws-lambda-go,
// and moved over by one line.
type audit struct {
	mu       sync.Mutex
	letters  map[string]deadletter.Letter // by their IDs, so that one which comes again is known
	redriven map[string]bool              // those that were sent back
}

func (a *audit) function() *weir.Lambda { return weir.SQS(awsevents.EachSQS(a.file)) }

// file files the letters in a message.
func (a *audit) file(_ context.Context, m events.SQSMessage) error {
	letters, err := deadletter.Parse([]byte(m.Body))
	if err != nil {
		return fmt.Errorf("message %s of the dead letter queue: %w", m.MessageId, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, l := range letters {
		a.letters[l.ID] = l
	}
	return nil
}

// of lists the letters with a reason, in the order of their IDs.
func (a *audit) of(reason deadletter.Reason) (list []deadletter.Letter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(a.letters)) {
		if l := a.letters[id]; l.Reason == reason {
			list = append(list, l)
		}
	}
	return list
}
