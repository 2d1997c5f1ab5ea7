package weir

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/weir-go/weir/internal/attr"
	"github.com/weir-go/weir/internal/memory"
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
	keys                   string
	old, new               string
	oldOutline, newOutline attr.Outline
	kind                   Kind
	expired                bool
}

func (*Change[E]) newReader() (images, error) {
	plan, err := attr.Compile(reflect.TypeFor[E]())
	if err != nil {
		return nil, err
	}
	return &imageReader[E]{plan: plan}, nil
}

// imageReader decodes images for one goroutine at a time.
type imageReader[E any] struct {
	attr.Reader
	plan   *attr.Plan
	images memory.Values[E]
}

func (d *imageReader[E]) decode(m *Message, change any) (err error) {
	c, _ := change.(*Change[E])
	if m.item == nil {
		return errors.New("not a DynamoDB record")
	}
	c.Kind, c.Expired = m.item.kind, m.item.expired
	if m.item.keys != "" {
		if err := d.item(m.item.keys, &c.Keys); err != nil {
			return fmt.Errorf("keys: %w", err)
		}
	}
	if c.Old, err = d.image(m.item.old, m.item.oldOutline); err != nil {
		return fmt.Errorf("old image: %w", err)
	}
	if c.New, err = d.image(m.item.new, m.item.newOutline); err != nil {
		return fmt.Errorf("new image: %w", err)
	}
	return nil
}

func (d *imageReader[E]) image(text string, o attr.Outline) (*E, error) {
	switch {
	case text == "":
		return nil, nil
	case len(text) > memory.Shareable:
		e := new(E)
		return e, d.item(text, e)
	}
	e := d.images.New()
	v := reflect.ValueOf(e).Elem()
	if d.plan.Outlined(&d.Reader, text, o, v) {
		return e, nil
	}
	v.SetZero()
	return e, d.item(text, e)
}

func (d *imageReader[E]) item(text string, into *E) error {
	r := &d.Reader
	if len(text) > memory.Shareable {
		r = new(attr.Reader)
	}
	r.Reset(text)
	return d.plan.Item(r, reflect.ValueOf(into).Elem())
}

// appendItemKey is the canonical text of a DynamoDB item's key.
func appendItemKey(m *Message, key []byte) []byte {
	var s attr.Reader
	s.Reset(m.OrderingKey)
	start := len(key)
	if canonical, err := attr.CanonicalKey(key, &s); err == nil {
		return canonical
	}
	return append(key[:start], m.OrderingKey...)
}
