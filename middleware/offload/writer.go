package offload

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/weir-go/weir"
)

// The limits that a Writer goes by.
const (
	// DefaultThreshold is what the extended clients of AWS take for large, and the most that a topic of SNS
	// takes unless its MaximumMessageSize says more.
	DefaultThreshold = 256 << 10

	// MaxThreshold is the most that SQS takes. Source: "Amazon SQS message quotas", Amazon SQS
	// Developer Guide.
	MaxThreshold = 1 << 20

	maxAttributes = 10 // of a message in SQS
	keyLength     = 36 // of a UUID
)

// Outgoing is a message to be sent.
type Outgoing struct {
	Body       string
	Attributes map[string]weir.MessageAttribute
}

// Size is what SQS and SNS count: bytes of the body, and of the attributes' names, types and values.
func (o Outgoing) Size() int { return len(o.Body) + o.attributes() }

func (o Outgoing) attributes() (n int) {
	for name, a := range o.Attributes {
		n += len(name) + len(a.DataType) + len(a.String) + len(a.Binary)
	}
	return n
}

// Writer puts the bodies of large messages aside, for producers. Package s3objects has functions
// that do so with the inputs of the SQS and SNS clients. It is safe for concurrent use.
type Writer struct {
	objects   Putter
	bucket    string
	prefix    string
	threshold int
	always    bool
	marker    string
}

// WriterOption is a setting of a Writer.
type WriterOption func(*Writer) error

// NewWriter makes a Writer that puts bodies into a bucket. It needs the permission s3:PutObject
// there.
func NewWriter(objects Putter, bucket string, opts ...WriterOption) (*Writer, error) {
	w := &Writer{objects: objects, bucket: bucket, threshold: DefaultThreshold, marker: markerName}
	var errs []error
	if objects == nil {
		errs = append(errs, errors.New("no Putter: give s3objects.New(client)"))
	}
	if o, ok := objects.(checked); ok {
		errs = append(errs, o.Err())
	}
	if bucket == "" {
		errs = append(errs, errors.New("the bucket's name is empty"))
	}
	for i, o := range opts {
		if o == nil {
			errs = append(errs, fmt.Errorf("option %d is nil", i))
			continue
		}
		errs = append(errs, o(w))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("offload: NewWriter: %w", err)
	}
	return w, nil
}

// Threshold is how many bytes a message may have, its attributes included, until its body is put
// aside: DefaultThreshold by default, MaxThreshold at most.
func Threshold(n int) WriterOption {
	return func(w *Writer) error {
		if n < 1 || n > MaxThreshold {
			return fmt.Errorf("Threshold(%d): it takes 1 to %d bytes", n, MaxThreshold)
		}
		w.threshold = n
		return nil
	}
}

// Always puts every body aside, however small.
func Always() WriterOption {
	return func(w *Writer) error {
		w.always = true
		return nil
	}
}

// Prefix is what keys begin with, such as "incoming/". Behind it stands a UUID.
func Prefix(prefix string) WriterOption {
	return func(w *Writer) error {
		if len(prefix)+keyLength > maxKey || strings.Contains("/"+prefix, "/../") {
			return fmt.Errorf("Prefix(%.100q): no key may climb up by .. or have more than %d bytes", prefix, maxKey)
		}
		w.prefix = prefix
		return nil
	}
}

// LegacyAttribute marks messages by SQSLargePayloadSize instead of ExtendedPayloadSize, as the Java
// client does by default: for readers that know nothing else.
func LegacyAttribute() WriterOption {
	return func(w *Writer) error {
		w.marker = legacyName
		return nil
	}
}

// Within returns a Writer like w whose threshold is at most n bytes.
func (w *Writer) Within(n int) *Writer {
	own := *w
	own.threshold = min(w.threshold, n)
	return &own
}

// Offload returns the message to send: o as it is, or, if it is too large, one with a pointer for a
// body and the attribute that marks it. Then the body is in the bucket before Offload returns, so
// whoever receives the message finds it. What is not sent afterwards is left in the bucket for its
// lifecycle rule: after an error of the send, SQS may have the message all the same.
func (w *Writer) Offload(ctx context.Context, o Outgoing) (Outgoing, error) {
	if err := w.check(o); err != nil {
		return Outgoing{}, err
	}
	if !w.Large(o) {
		return o, nil
	}
	return w.put(ctx, o)
}

// Large reports whether Offload would put a message's body aside.
func (w *Writer) Large(o Outgoing) bool { return w.always || o.Size() > w.threshold }

// OffloadBatch is Offload for messages that are sent in one request, whose limit is the same for
// all together: beside those that are too large by themselves, it puts the largest aside until the
// rest fits.
func (w *Writer) OffloadBatch(ctx context.Context, batch []Outgoing) ([]Outgoing, error) {
	out := make([]Outgoing, len(batch))
	copy(out, batch)
	total := 0
	for i, o := range batch {
		if err := w.check(o); err != nil {
			return nil, fmt.Errorf("message %d: %w", i, err)
		}
		total += o.Size()
	}
	aside := make([]bool, len(batch))
	for {
		largest := -1
		for i, o := range batch {
			if !aside[i] && (largest < 0 || len(o.Body) > len(batch[largest].Body)) {
				largest = i
			}
		}
		if !w.always && total <= w.threshold || w.always && largest < 0 {
			return out, nil
		}
		if !w.always && (largest < 0 || len(batch[largest].Body) <= w.standIn()) {
			return nil, fmt.Errorf("offload: the batch has %d bytes that cannot be put aside, more than the threshold of %d: send fewer messages at once", total, w.threshold)
		}
		o, err := w.put(ctx, batch[largest])
		if err != nil {
			return nil, fmt.Errorf("message %d: %w", largest, err)
		}
		total += o.Size() - batch[largest].Size()
		out[largest], aside[largest] = o, true
	}
}

// standIn is how many bytes stand for a body.
func (w *Writer) standIn() int {
	return len(Pointer{w.bucket, w.prefix}.Body()) + keyLength + len(w.marker) + len("Number") + len("262144")
}

// check refuses what no reader would understand.
func (w *Writer) check(o Outgoing) error {
	if name, ok := reserved(o.Attributes); ok {
		return fmt.Errorf("offload: the attribute %s is for messages that have been put aside: was it offloaded before?", name)
	}
	return nil
}

func (w *Writer) put(ctx context.Context, o Outgoing) (Outgoing, error) {
	if n := len(o.Attributes); n > maxAttributes-1 {
		return Outgoing{}, fmt.Errorf("offload: the message has %d attributes: of the %d that SQS takes, a large message needs one", n, maxAttributes)
	}
	p := Pointer{w.bucket, w.prefix + uuid()}
	out := Outgoing{p.Body(), maps.Clone(o.Attributes)}
	if out.Attributes == nil {
		out.Attributes = map[string]weir.MessageAttribute{}
	}
	out.Attributes[w.marker] = weir.MessageAttribute{DataType: "Number", String: strconv.Itoa(len(o.Body))}
	if n := o.attributes(); n > w.threshold {
		return Outgoing{}, fmt.Errorf("offload: the attributes alone have %d bytes, more than the threshold of %d: put them into the body", n, w.threshold)
	}
	if err := w.objects.Put(ctx, p, o.Body); err != nil {
		return Outgoing{}, fmt.Errorf("offload: %s was not stored, so the message must not be sent: %w", p, err)
	}
	return out, nil
}

// uuid makes a random UUID, as version 4 of RFC 9562 says.
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // which never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
