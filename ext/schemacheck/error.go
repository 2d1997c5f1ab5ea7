package schemacheck

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/weir-go/weir/ext/internal/schemas"
)

// What an Error keeps of the failures of a payload.
const (
	maxFailures = 5
	maxText     = 200  // bytes of a path or a reason
	maxSorted   = 1000 // failures that are put in order
)

// Error says why a payload is not valid. Its text has a bounded length.
type Error struct {
	// Failures are the first, by their paths. There is at least one.
	Failures []Failure

	// More is how many there were beside those.
	More int
}

// Failure is one place of a payload that is not as its schema says.
type Failure struct {
	// Path is the place in the payload, as a JSON pointer: /lines/0/amount. It is "" for the
	// payload as a whole, and when it is not JSON.
	Path string

	// Keyword is what of the schema does not hold, such as minimum or required. It is "" for the
	// schema false, and where no schema was asked.
	Keyword string

	// Reason is a short text. It may quote what stands in the payload.
	Reason string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("not valid by its schema: ")
	for i, f := range e.Failures {
		if i > 0 {
			b.WriteString("; ")
		}
		if f.Path != "" {
			b.WriteString(f.Path + ": ")
		}
		if f.Keyword != "" {
			b.WriteString(f.Keyword + ": ")
		}
		b.WriteString(f.Reason)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "; and %d more", e.More)
	}
	return b.String()
}

// Validate holds a payload to the schema. The error is an *Error, or what Err says.
func (s *Schema) Validate(payload []byte) error {
	if err := s.Err(); err != nil {
		return err
	}
	err := s.schema.Validate(payload)
	if err == nil {
		return nil
	}
	if invalid := (*jsonschema.ValidationError)(nil); errors.As(err, &invalid) {
		return newError(invalid)
	}
	reason := err.Error()
	if err != schemas.ErrLarge && !errors.Is(err, schemas.ErrNumber) {
		reason = "not JSON: " + reason
	}
	return &Error{Failures: []Failure{{Reason: cut(reason)}}}
}

// newError makes an Error of the innermost failures, in an order that does not change.
func newError(err *jsonschema.ValidationError) *Error {
	english := message.NewPrinter(language.English) // not safe for concurrent use
	var all []Failure
	more := 0
	var gather func(*jsonschema.ValidationError)
	gather = func(v *jsonschema.ValidationError) {
		for _, cause := range v.Causes {
			gather(cause)
		}
		switch {
		case len(v.Causes) > 0:
		case len(all) == maxSorted:
			more++
		default:
			keyword := strings.Join(v.ErrorKind.KeywordPath(), "/")
			reason := strings.TrimPrefix(v.ErrorKind.LocalizedString(english), keyword+": ")
			all = append(all, Failure{pointer(v.InstanceLocation), cut(keyword), cut(reason)})
		}
	}
	gather(err)
	slices.SortStableFunc(all, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Keyword, b.Keyword), cmp.Compare(a.Reason, b.Reason))
	})
	all = slices.Compact(all)
	n := min(len(all), maxFailures)
	return &Error{slices.Clone(all[:n]), len(all) - n + more}
}

var escape = strings.NewReplacer("~", "~0", "/", "~1")

// pointer is a JSON pointer as of RFC 6901.
func pointer(steps []string) string {
	var b strings.Builder
	for _, s := range steps {
		if b.WriteByte('/'); b.Len() > maxText {
			break
		}
		_, _ = escape.WriteString(&b, s)
	}
	return cut(b.String())
}

// cut shortens a text to about maxText bytes.
func cut(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) <= maxText {
		return s
	}
	n := maxText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}
