package deliver

import (
	"cmp"
	"slices"
)

// Outcome is what became of the records.
type Outcome struct {
	// Deliveries is how often each record was delivered.
	Deliveries []int

	// Dead are the dead letters, by Index.
	Dead []DeadLetter
}

// DeadLetter is a record that was given up.
type DeadLetter struct {
	Index     int    // of the record
	ID        string // its sequence number or message ID
	Where     string // shard or queue
	Condition string // why, in Lambda's or SQS's words
	Tries     int    // invocations, without the halving of batches; receives of a message
	Batch     int    // records that were given up together
}

func (o *Outcome) sort() {
	slices.SortFunc(o.Dead, func(a, b DeadLetter) int { return cmp.Compare(a.Index, b.Index) })
}
