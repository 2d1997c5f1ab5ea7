package weir

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/weir-go/weir/internal/memory"
)

// Errors that weir itself gives to a record, a context or an invocation. Match them with errors.Is.
var (
	// ErrDeadlineNear is the cause of a context that ended because the Lambda deadline
	// came nearer than DeadlineReserve, and the error of records that were not started
	// or not finished by then. A started record may have taken effect.
	ErrDeadlineNear = errors.New("weir: the Lambda deadline is near")

	// ErrRecordTimeout is the cause of a context that ended because its record took
	// longer than RecordTimeout. The record may have taken effect.
	ErrRecordTimeout = errors.New("weir: the record took longer than RecordTimeout")

	// ErrSkipped is the error of a record that was not run, or does not count as done,
	// because one before it failed: on a FIFO queue, or under StopOnFailure or SkipGroup.
	ErrSkipped = errors.New("weir: not run, since an earlier record failed")

	// ErrAborted is the error of a record that was not run because a handler returned Abort.
	ErrAborted = errors.New("weir: not run, since the handler aborted the batch")

	// ErrGoexit is the error of a record whose handler called runtime.Goexit,
	// as t.FailNow does in a test.
	ErrGoexit = errors.New("weir: the handler called runtime.Goexit")

	// ErrUndecided is the error of a record that a verb left without an outcome.
	ErrUndecided = errors.New("weir: the verb returned without deciding the record")

	// ErrUndecodable matches the error of a record that could not be decoded: its
	// envelope is damaged, its payload does not fit the handler's type, or the handler
	// said so with Undecodable. It was never processed.
	ErrUndecodable = errors.New("weir: undecodable record")

	// ErrNotBatch matches the error of an invocation whose event is not a batch of the
	// source the Lambda was built for. No record was run.
	ErrNotBatch = errors.New("weir: not an event of this source")

	// ErrNoIdentifier matches the error of an invocation in which a record failed that
	// has no identifier to report it by. Lambda retries the whole batch.
	ErrNoIdentifier = errors.New("weir: a failed record has no identifier")
)

// BatchError says why the records of a batch were not done. Invoke returns it when
// none was, unless ReportAll is given; Summary.Err carries it otherwise.
// errors.Is and errors.As look into every record's error.
type BatchError struct {
	Source  string        // the event source ARN
	Total   int           // records in the batch
	Records []RecordError // those that failed or were skipped, in record order
}

// RecordError is the error of one record.
type RecordError struct {
	Index int    // position in the batch, from 0
	ID    string // identifier, "" when the record has none
	Err   error

	// Message is the record. Its methods find nothing once Invoke has returned, and it keeps its
	// whole batch alive.
	Message *Message
}

// Error names the record and its cause.
//
//go:noinline
func (e RecordError) Error() string { // which would be in a binary twice, once inlined into the method that Go makes for *RecordError
	return fmt.Sprintf("record %d (%s): %v", e.Index, e.ID, e.Err)
}

// Unwrap returns the cause.
func (e RecordError) Unwrap() error { return e.Err }

// Unwrap returns the records' errors.
func (e *BatchError) Unwrap() []error {
	errs := make([]error, len(e.Records))
	for i, r := range e.Records {
		errs[i] = r
	}
	return errs
}

const (
	maxCauses = 10  // lines in a BatchError's text
	maxIDs    = 3   // identifiers in a line
	maxCause  = 300 // bytes of a cause's text
)

// Error prints one line per distinct cause, in the order of their first records.
func (e *BatchError) Error() string {
	b := fmt.Sprintf("weir: %d of %d records failed", len(e.Records), e.Total)
	if e.Source != "" {
		b += " (" + e.Source + ")"
	}
	type cause struct {
		_         memory.Incomparable
		text, ids string
		n         int
	}
	var causes []cause
	byText := map[string]int{}
	for _, r := range e.Records {
		text := oneLine(r.Err)
		at, known := byText[text]
		if !known {
			at = len(causes)
			byText[text] = at
			causes = append(causes, cause{text: text})
		}
		c := &causes[at]
		if c.n == 0 {
			c.ids = r.ID
		} else if c.n < maxIDs {
			c.ids += " " + r.ID
		} else if c.n == maxIDs {
			c.ids += " ..."
		}
		c.n++
	}
	for i, c := range causes {
		if i == maxCauses {
			b += fmt.Sprintf("\n  ... and %d more causes", len(causes)-i)
			break
		}
		b += fmt.Sprintf("\n  %d x %s [%s]", c.n, c.text, c.ids)
	}
	return b
}

func oneLine(err error) string {
	return cut(strings.Map(valid, strings.Join(strings.Fields(fmt.Sprint(err)), " ")), maxCause)
}

// valid stands for what is not UTF-8, for which strings.Map gives it utf8.RuneError.
func valid(r rune) rune {
	if r == utf8.RuneError {
		return '?'
	}
	return r
}

// cut shortens text to about n bytes.
//
//go:noinline
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "..."
}
