package middleware

import "github.com/weir-go/weir"

// offenders are records that failed by what may be their own fault. The parts of a record are one: it
// comes back as a whole.
type offenders map[string]struct{}

// maxOffenders is how many are remembered at most.
const maxOffenders = 1000

// add adds a record, and reports whether it is new. One without an ID always is.
func (o *offenders) add(m *weir.Message) bool {
	switch {
	case m.ID == "":
		return true
	case o.has(m):
		return false
	case *o == nil || len(*o) >= maxOffenders:
		*o = offenders{}
	}
	(*o)[offender(m)] = struct{}{}
	return true
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
