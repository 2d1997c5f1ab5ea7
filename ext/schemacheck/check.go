package schemacheck

import (
	"context"
	"errors"

	"github.com/weir-go/weir"
)

// Check holds the payload of each record to the schema, for weir.Each and weir.EachMessage. What is
// checked is what they decode from: Message.Payload, and the record itself for DynamoDB. A Kafka
// tombstone has no payload and is let by.
//
// As a middleware it stands where it is given: one that opens payloads is listed before it.
func Check(s *Schema) weir.FlowOption {
	if err := s.Err(); err != nil {
		return weir.Refuse(err)
	}
	return weir.Named("schemacheck.Check", weir.Use(func(next weir.Handler) weir.Handler {
		return func(ctx context.Context, m *weir.Message) error {
			if err := s.check(m); err != nil {
				return err
			}
			return next(ctx, m)
		}
	}))
}

// Around is Check for verbs that take a batch as a whole, weir.Batch and pipelines, which then have
// only the records that are valid. It does not apply to DynamoDB. Inside weir.Unwrap, it checks
// what was unwrapped.
func Around(v weir.Verb, s *Schema) weir.Verb {
	return &around{weir.Unwrap(v, func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
		if err := s.check(m); err != nil {
			return nil, err
		}
		return []weir.Message{*m}, nil
	}), s}
}

type around struct {
	weir.Verb
	schema *Schema
}

// Check says what is wrong with the schema, or else with the verb.
func (a *around) Check(s weir.Setup) error {
	if err := a.schema.Err(); err != nil {
		return err
	}
	if s.Source == "DynamoDB" {
		return errors.New("schemacheck: Around does not apply to DynamoDB, whose records have images and no payload: give weir.Each the option schemacheck.Check, which holds the record to the schema")
	}
	c, _ := a.Verb.(weir.Checker)
	return c.Check(s)
}

func (s *Schema) check(m *weir.Message) error {
	payload := m.Payload
	if payload == nil && m.Kafka == nil {
		payload = []byte(m.Raw())
	}
	if m.Tombstone() {
		return nil
	}
	if err := s.Validate(payload); err != nil {
		return weir.Undecodable(err)
	}
	return nil
}
