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
	keys, old, new image
	kind           Kind
	expired        bool
}

// image is the text of an attribute map, and where its values stand if that is known.
type image struct {
	text string
	attr.Outline
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
	keys   attr.Program
	whole  attr.Program // for images
}

func (d *imageReader[E]) decode(m *Message, change any) (err error) {
	c, _ := change.(*Change[E])
	if m.item == nil {
		return errors.New("not a DynamoDB record")
	}
	c.Kind, c.Expired = m.item.kind, m.item.expired
	if m.item.keys.text != "" {
		if err := d.item(&d.keys, m.item.keys, &c.Keys); err != nil {
			return fmt.Errorf("keys: %w", err)
		}
	}
	if c.Old, err = d.image(m.item.old); err != nil {
		return fmt.Errorf("old image: %w", err)
	}
	if c.New, err = d.image(m.item.new); err != nil {
		return fmt.Errorf("new image: %w", err)
	}
	return nil
}

func (d *imageReader[E]) image(i image) (*E, error) {
	var e *E
	switch {
	case i.text == "":
		return nil, nil
	case len(i.text) <= memory.Shareable:
		e = d.images.New()
	default:
		e = new(E)
	}
	return e, d.item(&d.whole, i, e)
}

func (d *imageReader[E]) item(p *attr.Program, i image, into *E) error {
	r, v := &d.Reader, reflect.ValueOf(into).Elem()
	if len(i.text) > memory.Shareable {
		r = new(attr.Reader)
	}
	if d.plan.Outlined(r, p, i.text, i.Outline, v) {
		return nil
	}
	v.SetZero()
	r.Reset(i.text)
	return d.plan.Item(r, v)
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
