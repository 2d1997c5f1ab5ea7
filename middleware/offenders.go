package middleware

import (
	"sync"

	"github.com/weir-go/weir"
)

// offenders are records that failed by what may be their own fault. The parts of a record are one: it
// comes back as a whole.
type offenders map[string]struct{}

// maxOffenders is how many are remembered at most.
const maxOffenders = 1000

// add adds a record, and reports whether it is new. One without an ID always is.
func (o *offenders) add(m *weir.Message) bool {
	if m.ID == "" {
		return true
	}
	if o.has(m) {
		return false
	}
	o.put(offender(m))
	return true
}

func (o *offenders) put(key string) {
	if *o == nil || len(*o) >= maxOffenders {
		*o = offenders{}
	}
	(*o)[key] = struct{}{}
}

func (o offenders) has(m *weir.Message) bool {
	if len(o) == 0 || m.ID == "" {
		return false
	}
	_, known := o[offender(m)]
	return known
}

// offender is a copy, which keeps no batch alive.
func offender(m *weir.Message) string { return m.SourceARN + " " + m.ID }

// openers are shared by the breakers of batches.
type openers struct {
	mu sync.Mutex
	offenders
}

func (o *openers) remember(all offenders) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for key := range all {
		o.put(key)
	}
}

func (o *openers) knows(m *weir.Message) bool {
	if o == nil || m.Part == "" {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.has(m)
}
