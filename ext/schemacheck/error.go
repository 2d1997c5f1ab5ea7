package schemacheck

import (
	"errors"

	"github.com/weir-go/weir/ext/internal/schemas"
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
	own := schemas.Error{More: e.More}
	for _, f := range e.Failures {
		own.Failures = append(own.Failures, schemas.Failure(f))
	}
	return own.Error()
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
	invalid, ok := err.(*schemas.Error)
	if !ok {
		reason := err.Error()
		if err != schemas.ErrLarge && !errors.Is(err, schemas.ErrNumber) {
			reason = "not JSON: " + reason
		}
		return &Error{Failures: []Failure{{Reason: schemas.Cut(reason)}}}
	}
	own := &Error{More: invalid.More}
	for _, f := range invalid.Failures {
		own.Failures = append(own.Failures, Failure(f))
	}
	return own
}
