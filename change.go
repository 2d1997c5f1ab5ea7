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

// NewImage is a Change for handlers that do not ask what was there before: it decodes the new image
// alone, which costs a fifth less.
type NewImage[E any] struct {
	// New is the item after the change. It is nil for an item that was removed, and where the stream's
	// view type leaves it out.
	New *E

	// Keys is an E in which only the item's key attributes are set, where New is nil. Where it is not,
	// Keys is nil, since New has them.
	Keys *E

	Kind Kind

	// Expired says that DynamoDB removed the item since its time to live had passed.
	Expired bool
}

// streamImage is where the parts of a DynamoDB record stand.
type streamImage struct {
	keys     string // Message.OrderingKey, as it was read
	keyed    attr.Outline
	old, new image
	kind     Kind
	expired  bool
}

// image is an attribute map: where it stands in the event, and where its values stand in it if that is
// known.
type image struct {
	at      span
	outline attr.Outline
}

func (*Change[E]) decoder() (*decoder, error) {
	return imageDecoder(func() (images, error) {
		d, err := newImageReader[E]()
		return changeReader[E]{d}, err
	})
}

// images decodes a record into a pointer to a Change or a NewImage.
type images interface {
	decode(m *Message, change any) error
}

func imageDecoder(newReader func() (images, error)) (*decoder, error) {
	_, err := newReader()
	return &decoder{what: shapeChange, into: func() func(*Message, any) error {
		d, err := newReader()
		if err != nil {
			return func(*Message, any) error { return err }
		}
		return d.decode
	}}, err
}

type changeReader[E any] struct{ *imageReader[E] }

func (d changeReader[E]) decode(m *Message, change any) (err error) {
	c, _ := change.(*Change[E])
	if m.item == nil {
		return errNotDynamoDB
	}
	c.Kind, c.Expired = m.item.kind, m.item.expired
	if err = d.keys(m, &c.Keys); err != nil {
		return err
	}
	if c.Old, err = d.image(m, &m.item.old); err != nil {
		return fmt.Errorf("old image: %w", err)
	}
	if c.New, err = d.image(m, &m.item.new); err != nil {
		return fmt.Errorf("new image: %w", err)
	}
	return nil
}

func (*NewImage[E]) decoder() (*decoder, error) {
	return imageDecoder(func() (images, error) {
		d, err := newImageReader[E]()
		return newImageOnly[E]{d}, err
	})
}

type newImageOnly[E any] struct{ *imageReader[E] }

func (d newImageOnly[E]) decode(m *Message, change any) (err error) {
	c, _ := change.(*NewImage[E])
	if m.item == nil {
		return errNotDynamoDB
	}
	c.Kind, c.Expired = m.item.kind, m.item.expired
	if !m.item.new.at.given() {
		c.Keys = new(E)
		return d.keys(m, c.Keys)
	}
	if c.New, err = d.image(m, &m.item.new); err != nil {
		return fmt.Errorf("new image: %w", err)
	}
	return nil
}

var (
	errNotDynamoDB = errors.New("not a DynamoDB record")
	errGone        = errors.New("the record is gone, since its invocation has ended")
)

// imageReader decodes images for one goroutine at a time.
type imageReader[E any] struct {
	attr.Reader
	plan      *attr.Plan
	values    memory.Values[E]
	forKeys   attr.Program
	forImages attr.Program
	texts     memory.Bytes // of images whose outlines do not say enough
}

func newImageReader[E any]() (*imageReader[E], error) {
	plan, err := attr.Compile(reflect.TypeFor[E]())
	return &imageReader[E]{plan: plan}, err
}

func (d *imageReader[E]) keys(m *Message, into *E) error {
	v := reflect.ValueOf(into).Elem()
	if m.item.keys == "" || d.plan.Outlined(&d.Reader, &d.forKeys, m.item.keyed, v) {
		return nil
	}
	if err := d.whole(m.item.keys, v); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}

func (d *imageReader[E]) image(m *Message, i *image) (*E, error) {
	var e *E
	switch {
	case !i.at.given():
		return nil, nil
	case i.at.length() <= memory.Shareable:
		e = d.values.New()
	default:
		e = new(E)
	}
	v := reflect.ValueOf(e).Elem()
	if d.plan.Outlined(&d.Reader, &d.forImages, i.outline, v) {
		return e, nil
	}
	text, ok := m.call.read(i.at, &d.texts)
	if !ok {
		return e, errGone
	}
	return e, d.whole(text, v)
}

// whole decodes the text of an attribute map.
func (d *imageReader[E]) whole(text string, v reflect.Value) error {
	r := &d.Reader
	if len(text) > memory.Shareable {
		r = new(attr.Reader)
	}
	v.SetZero()
	r.Reset(text)
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
