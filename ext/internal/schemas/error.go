package schemas

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// What an Error keeps of the failures of a payload.
const (
	maxFailures = 5
	maxText     = 200  // bytes of a path or a reason
	maxSorted   = 1000 // failures that are put in order
)

// Error is where a payload is not as its schema says. The validator's own has all failures, each with the whole
// path to it, which of 60 kB make a text of 400 MB.
type Error struct {
	Failures []Failure // the first, by their paths
	More     int
}

// Failure is one place.
type Failure struct{ Path, Keyword, Reason string }

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

// explain makes an Error of the validator's, about a document.
func explain(err error, doc any) error {
	if invalid := (*jsonschema.ValidationError)(nil); errors.As(err, &invalid) {
		return newError(invalid, doc)
	}
	return err
}

// newError makes an Error of the innermost failures, in an order that does not change.
func newError(err *jsonschema.ValidationError, doc any) *Error {
	english := message.NewPrinter(language.English) // not safe for concurrent use
	var all []Failure
	more := 0
	var members names
	var gather func(v *jsonschema.ValidationError, name []string)
	gather = func(v *jsonschema.ValidationError, name []string) { // name is where a member is whose name is looked at
		if k, ok := v.ErrorKind.(*kind.PropertyNames); ok {
			if members == nil {
				members = namesOf(doc)
			}
			name = members.place(doc, v.InstanceLocation, k.Property)
		}
		for _, cause := range v.Causes {
			gather(cause, name)
		}
		switch {
		case len(v.Causes) > 0:
		case len(all) == maxSorted:
			more++
		default:
			keyword := strings.Join(v.ErrorKind.KeywordPath(), "/")
			reason := strings.TrimPrefix(v.ErrorKind.LocalizedString(english), keyword+": ")
			if _, ok := v.ErrorKind.(*kind.Not); ok {
				keyword = "not" // which the validator leaves out
			}
			at := v.InstanceLocation
			if name != nil {
				at, keyword = name, strings.TrimSuffix("propertyNames/"+keyword, "/")
			}
			all = append(all, Failure{pointer(at), Cut(keyword), Cut(reason)})
		}
	}
	gather(err, nil)
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
		_, _ = escape.WriteString(&b, s[:min(len(s), maxText)])
	}
	return Cut(b.String())
}

// Cut shortens a text to about 200 bytes.
func Cut(s string) string {
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
