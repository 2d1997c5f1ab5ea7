package offload

import (
	"context"
	"fmt"

	"github.com/weir-go/weir"
)

// Load makes an option that loads large messages before a record is handled: by Each, EachMessage,
// and whatever else calls Work.Each. The handler, and the middleware behind, see the content in
// Message.Payload; ID, attributes and Raw stay, and observers, OnFailure and the dead letter queue
// see the record with its pointer.
//
// It stands among middleware, see weir.Use, where it is listed. Bad settings make Lambda.Err and
// every invocation fail. The function needs the permission s3:GetObject on the objects.
//
// Only messages of SQS have attributes. Of other sources nothing is large, unless Unmarked is given.
func Load(objects Objects, opts ...Option) weir.FlowOption {
	c, err := gather("Load", objects, opts)
	if err == nil && c.ofBatch != "" {
		err = fmt.Errorf("offload: Load: %s is for Unwrap: here one record is loaded at a time, or as many as weir.Concurrency says", c.ofBatch)
	}
	if err != nil {
		return weir.Refuse(err)
	}
	return weir.Named("offload.Load", weir.Use(c.middleware))
}

func (c *config) middleware(next weir.Handler) weir.Handler {
	return func(ctx context.Context, m *weir.Message) error {
		p, large, err := c.pointer(ctx, m)
		switch {
		case err != nil:
			return err
		case c.stream:
			return c.streamed(ctx, m, p, large, next)
		case !large:
			return next(ctx, m)
		}
		note(ctx, m, p, beside(ctx))
		content, err := c.load(ctx, p, nil)
		if err != nil {
			return err
		}
		own := m.With(content)
		return next(weir.WithMessage(ctx, &own), &own)
	}
}

// pointer returns where a record's payload is, or false if it is not large.
func (c *config) pointer(ctx context.Context, m *weir.Message) (p Pointer, large bool, err error) {
	if !mayPoint(m.Payload) {
		return p, false, nil
	}
	p, err = ParsePointer(m.Payload)
	if (err != nil || !c.unmarked) && !marked(ctx, m) {
		return Pointer{}, false, nil
	}
	switch {
	case err != nil:
		return p, false, weir.Undecodable(fmt.Errorf("offload: the message is marked as large, but its body is no pointer to S3: %w", err))
	case !c.allows(p):
		return p, false, weir.Permanent(fmt.Errorf("offload: the pointer names %s, which was not asked for: %w", p, ErrBucket))
	}
	return p, true, nil
}
