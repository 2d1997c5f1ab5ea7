package weir

import (
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// format says how the event of a source is written.
type format struct {
	name     string // of the source, for error texts
	source   string // eventSource of its records
	record   func(*envelope)
	top      jsonscan.Keys  // keys of a record
	inner    jsonscan.Keys  // keys of the object in it that has most of what is wanted
	windowed bool           // Records may be missing
	own      func() learner // of a source that has more to learn; it stays out of binaries without that source

	pool sync.Pool // of *envelope
}

// learner is what an envelope learns about events of one source only.
type learner interface{ Begin() }

// envelope reads events: {"Records":[...]} and what stands beside it. It is used for one
// after another, since what it has learnt of a source's events holds for the next.
type envelope struct {
	jsonscan.Scanner
	*format
	topKeys, innerKeys jsonscan.Keys

	text      string       // the event, which the runtime overwrites later
	memory    memory.Bytes // for all that messages keep of it
	images    []streamImage
	own       learner
	ending    ending
	msgs      []Message
	now       *Message // the record being read
	inside    bool     // whether one is
	field     string   // the field being read, for error texts
	origin    repeated // eventSource
	arn       repeated // eventSourceARN
	group     string   // SQS: the current record's message group
	lastShard string   // Kinesis
	body      bool     // whether the current record has what must not be missing
}

// decode splits an event into messages. aside, if not nil, may take a key beside Records and
// reports whether it did.
func (f *format) decode(event []byte, aside func(e *envelope, key string) bool) ([]Message, error) {
	if uint64(len(event)) > math.MaxUint32 { // see span
		return nil, ErrNotBatch
	}
	e, _ := f.pool.Get().(*envelope)
	if e == nil {
		e = &envelope{format: f, topKeys: f.top, innerKeys: f.inner}
		if f.own != nil {
			e.own = f.own()
		}
	}
	e.text = memory.String(event)
	e.Reset(e.text)
	e.memory.Expect(len(event))
	e.ending.lessons = maxEndings
	if e.own != nil {
		e.own.Begin()
	}
	msgs, err := e.read(aside)
	// Nothing of the event may stay behind.
	e.Reset("")
	e.topKeys.Forget()
	e.innerKeys.Forget()
	e.text, e.field, e.group = "", "", ""
	e.msgs, e.images, e.now, e.inside = nil, nil, nil, false
	f.pool.Put(e)
	return msgs, err
}

func (e *envelope) read(aside func(e *envelope, key string) bool) ([]Message, error) {
	if k := e.Kind(); k != '{' {
		return nil, e.notBatch(fmt.Sprintf("the event is %s, not an object", kindName(k)))
	}
	found := false
	for e.Object(); e.MoreKeys(); {
		key := e.Key()
		if fieldOf(key, eventFields) != "Records" {
			if aside == nil || !aside(e, key) {
				e.Skip()
			}
			continue
		}
		if found {
			return nil, e.notBatch("the event has Records twice")
		}
		found = true
		switch k := e.Kind(); {
		case k == '{' && key == "records":
			return nil, e.notBatch("it has records by topic, as a Kafka event has")
		case k != '[' && isValue(k):
			return nil, e.notBatch(fmt.Sprintf("Records is %s, not a list", kindName(k)))
		}
		if err := e.records(); err != nil {
			return nil, err
		}
	}
	e.End()
	if err := e.Err(); err != nil {
		return nil, fmt.Errorf("weir: decode %s event: %w", e.name, e.at(err))
	}
	if !found && !e.windowed {
		return nil, e.notBatch("it has no Records")
	}
	return e.msgs, nil
}

func (e *envelope) records() error {
	for e.Array(); e.MoreItems(); {
		if k := e.Kind(); k != '{' && isValue(k) {
			return e.notBatch(fmt.Sprintf("record %d is %s, not an object", len(e.msgs), kindName(k)))
		}
		if len(e.msgs) == cap(e.msgs) {
			e.grow()
		}
		e.msgs = e.msgs[:len(e.msgs)+1] // what is behind them is zero
		e.now = &e.msgs[len(e.msgs)-1]
		e.group, e.body, e.origin.here = "", false, false
		e.ending.begin()
		start := e.Offset()
		e.inside = true
		e.record(e)
		if e.Err() != nil {
			return nil
		}
		e.inside = false
		e.now.at = spanOf(start, e.Offset())
		if o := &e.origin; o.here && o.value != "" && o.value != e.source {
			return e.notBatch(fmt.Sprintf("record %d comes from %q, not from %s", len(e.msgs)-1, clip(o.value), e.source))
		}
	}
	return nil
}

// grow makes room for as many records as the rest of the event can hold, going by the
// size of those before; for a few, as long as there is little to go by.
func (e *envelope) grow() {
	const few = 32
	n := len(e.msgs)
	used, more := e.Offset(), 0
	switch {
	case n > 0 && used > 0:
		if more = (len(e.text) - used) * n / used; n < few {
			more = min(more*9/8, few)
		} else {
			more = min(more*17/16, 16384)
		}
	case len(e.text) > few<<9:
		more = few
	}
	grown := make([]Message, n, n+max(more, n/8)+1)
	copy(grown, e.msgs)
	e.msgs = grown
}

// at says in which record a syntax error is.
func (e *envelope) at(err error) error {
	if e.inside {
		return fmt.Errorf("record %d: %w", len(e.msgs)-1, err)
	}
	return err
}

func (e *envelope) notBatch(why string) error {
	if err := e.Err(); err != nil {
		return fmt.Errorf("weir: decode %s event: %w", e.name, err)
	}
	return fmt.Errorf("%w: %s expected, but %s", ErrNotBatch, e.name, why)
}

// damage notes why the record cannot be read; the first reason stands.
func (e *envelope) damage(format string, args ...any) {
	if e.now.bad == nil {
		e.now.bad = fmt.Errorf("%s: "+format, append([]any{e.field}, args...)...)
	}
}

// view reads a string field as a view of the event. It is "" for null, as in encoding/json;
// another kind damages the record.
func (e *envelope) view(field string) (text string) {
	e.field = field
	if text, ok := e.Plain(); ok {
		return text
	}
	switch k := e.Kind(); k {
	case '"':
		return e.String()
	case 'n':
		e.Null()
	default:
		e.Skip()
		e.damage("%s, not a string", kindName(k))
	}
	return ""
}

// str reads a string field that the message keeps. Null leaves it as it is.
func (e *envelope) str(field string, into *string) {
	text, ok := e.Plain()
	if !ok {
		null := e.Kind() == 'n'
		if text = e.view(field); null {
			return
		}
	}
	*into = e.keep(text)
}

// id reads a string field that is the identifier.
func (e *envelope) id(field string) {
	if text, ok := e.Plain(); ok {
		e.now.ID, e.ending.plain = e.keep(text), true
		return
	}
	e.str(field, &e.now.ID)
	e.ending.plain = false
}

func (e *envelope) keep(text string) string { return e.memory.String(text) }

// repeated is a string that most records share with the one before.
type repeated struct {
	_          memory.Incomparable
	raw, value string // as it stands in the event, and what it means
	here       bool   // in the current record
}

// same reads a string field that hardly changes. Null leaves it as it is.
func (e *envelope) same(field string, r *repeated) {
	if e.Literal(r.raw) {
		r.here = true
		return
	}
	null := e.Kind() == 'n'
	start := e.Offset()
	if text := e.view(field); !null && e.Err() == nil {
		raw := e.text[start:e.Offset()]
		if raw[0] != '"' {
			raw = ""
		}
		r.raw, r.value, r.here = strings.Clone(raw), strings.Clone(text), true
	}
}

func (e *envelope) sourceARN() {
	e.arn.here = false
	if e.same("eventSourceARN", &e.arn); e.arn.here {
		e.now.SourceARN = e.arn.value
		e.ending.says(&e.ending.nowARN, e.arn.value)
	}
}

// isObject reports whether an object comes next. What else comes is skipped, and damages
// the record unless it is null.
func (e *envelope) isObject(field string) bool {
	k := e.Kind()
	if k == '{' {
		return true
	}
	e.Skip()
	if k != 'n' {
		e.field = field
		e.damage("%s, not an object", kindName(k))
	}
	return false
}

var eventFields = []string{"Records"}

// fieldOf returns the one of names that key stands for, or key. Names compare as in
// encoding/json, so that a hand-written test event which works with the event structs
// works here.
func fieldOf(key string, names []string) string {
	for _, name := range names {
		if key == name {
			return name
		}
	}
	for _, name := range names {
		if strings.EqualFold(key, name) {
			return name
		}
	}
	return key
}

// isValue tells the start of a value from a syntax error.
func isValue(k byte) bool { return strings.IndexByte(`{["0tfn`, k) >= 0 }

//go:noinline
func kindName(k byte) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "empty or not JSON"
}

func clip(s string) string { return cut(s, 80) }
