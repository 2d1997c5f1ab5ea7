package deliver

import "sync/atomic"

// Meter counts while a delivery goes on. It may be read at any time.
type Meter struct {
	Settled     atomic.Int64 // records that will not be delivered again, dead letters included
	Invocations atomic.Int64
	Failed      atomic.Int64 // invocations after which the whole batch came back
	Partial     atomic.Int64 // invocations after which some of the batch came back
	Retries     atomic.Int64 // invocations with a record that had been delivered before
	Dead        atomic.Int64
}

func (m *Meter) invoked(again bool, v verdict) {
	m.Invocations.Add(1)
	switch v {
	case failure:
		m.Failed.Add(1)
	case partial:
		m.Partial.Add(1)
	}
	if again {
		m.Retries.Add(1)
	}
}
