package weir

import (
	"strings"

	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// ending is how the records of a batch end: with fields, from eventSource on, that are the same in all of
// them, but for the record's identifier in one place. It is learnt from one record and compared with those
// behind it, which then need not be read to their end.
type ending struct {
	_              memory.Incomparable
	before, behind string         // the identifier; all is in before if it does not occur
	head           jsonscan.Token // what before begins with
	id             bool
	arn, shard     string // what it says; "" for nothing

	lessons          int    // how often it may still be learnt in this event
	last             int    // where the field before ended
	from             int    // where it begins in the current record, 0 while nowhere
	plain            bool   // the current identifier stands in the event as it is
	nowARN, nowShard string // what the current one says
}

// maxEndings bounds what an event costs whose records all end in their own way.
const maxEndings = 8

// begin makes ready for a record.
func (x *ending) begin() { x.from, x.plain = 0, false }

// says notes what an ending says. One that takes something back is not learnt.
func (x *ending) says(what *string, value string) {
	if *what = value; value == "" {
		x.from = 0
	}
}

// ends leaves the record if it ends as one before did. It is asked between two fields.
func (e *envelope) ends() bool {
	x, m := &e.ending, e.now
	at := e.Offset()
	x.last = at
	if x.before == "" || !x.head.Edges(e.text, at) || !x.head.Middle(e.text, at) { // where those cannot know, it is no ending
		return false
	}
	rest := e.text[at:]
	if !strings.HasPrefix(rest, x.before) || e.text[at-1] == '{' || e.Err() != nil {
		return false
	}
	size := len(x.before)
	if x.id {
		if !x.plain || !strings.HasPrefix(rest[size:], m.ID) || !strings.HasPrefix(rest[size+len(m.ID):], x.behind) {
			return false
		}
		size += len(m.ID) + len(x.behind)
	}
	e.CloseAt(at + size)
	e.origin.here, x.from = false, 0 // it was right when the ending was learnt
	if x.arn != "" {
		m.SourceARN = x.arn
	}
	if x.shard != "" {
		m.Shard = x.shard
	}
	return true
}

// eventSource reads the field that an ending begins with.
func (e *envelope) eventSource() {
	x, before := &e.ending, e.origin.here
	e.origin.here = false
	e.same("eventSource", &e.origin)
	x.from, x.nowARN, x.nowShard = x.last, "", ""
	if !e.origin.here || e.origin.value != e.source || e.text[x.last-1] == '{' {
		x.from = 0
	}
	e.origin.here = e.origin.here || before
}

// learnEnding learns how the record ends that has just been read.
func (e *envelope) learnEnding() {
	x, m := &e.ending, e.now
	if x.from == 0 || x.lessons == 0 || m.ID == "" || m.bad != nil || e.Err() != nil {
		return
	}
	x.lessons--
	text := strings.Clone(e.text[x.from:e.Offset()])
	x.before, x.behind, x.id = strings.Cut(text, m.ID)
	x.arn, x.shard = x.nowARN, x.nowShard
	if x.id && (!x.plain || strings.Contains(x.behind, m.ID) || strings.Contains(x.arn, m.ID) || strings.Contains(x.shard, m.ID)) {
		x.before = ""
	}
	x.head.Set(x.before[:min(len(x.before), 16)])
}
