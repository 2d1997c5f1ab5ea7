package weir

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/weir-go/weir/internal/attr"
	"github.com/weir-go/weir/internal/jsonscan"
)

// Kind is what happened to an item.
type Kind string

// The kinds of change, as DynamoDB names them.
const (
	Insert Kind = "INSERT"
	Modify Kind = "MODIFY"
	Remove Kind = "REMOVE"
)

// Change is one change of a DynamoDB item. The images decode into E by dynamodbav tags, as
// attributevalue.UnmarshalMap of the AWS SDK does, and numbers also into string,
// json.Number and the types of math/big, with all their digits.
type Change[E any] struct {
	// Old and New are the item before and after. Which of them a record has depends on
	// its Kind and on the stream's view type; the other is nil.
	Old, New *E

	// Keys is an E in which only the item's key attributes are set.
	Keys E

	Kind Kind

	// Expired says that DynamoDB removed the item since its time to live had passed.
	Expired bool
}

// streamImage is where the parts of a DynamoDB record stand, as JSON.
type streamImage struct {
	keys, old, new string
	kind           Kind
	expired        bool
}

func (c *Change[E]) bind() (func(*Message) error, error) {
	plan, err := attr.Compile(reflect.TypeFor[E]())
	if err != nil {
		return nil, err
	}
	return func(m *Message) error { return c.decodeImages(m, plan) }, nil
}

func (c *Change[E]) decodeImages(m *Message, plan *attr.Plan) error {
	if m.item == nil {
		return errors.New("not a DynamoDB record")
	}
	c.Kind, c.Expired = m.item.kind, m.item.expired
	if err := decodeImage(plan, m.item.keys, &c.Keys); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if m.item.old != "" {
		c.Old = new(E)
		if err := decodeImage(plan, m.item.old, c.Old); err != nil {
			return fmt.Errorf("old image: %w", err)
		}
	}
	if m.item.new != "" {
		c.New = new(E)
		if err := decodeImage(plan, m.item.new, c.New); err != nil {
			return fmt.Errorf("new image: %w", err)
		}
	}
	return nil
}

func decodeImage[E any](plan *attr.Plan, text string, into *E) error {
	if text == "" {
		return nil
	}
	var s jsonscan.Scanner
	s.Reset(text)
	if err := plan.Item(&s, reflect.ValueOf(into).Elem()); err != nil {
		return err
	}
	return s.Err()
}

// appendItemKey is the canonical text of a DynamoDB item's key.
func appendItemKey(m *Message, key []byte) []byte {
	var s jsonscan.Scanner
	s.Reset(m.OrderingKey)
	start := len(key)
	if canonical, err := attr.CanonicalKey(key, &s); err == nil {
		return canonical
	}
	return append(key[:start], m.OrderingKey...)
}
