package offload

import (
	"context"
	"errors"

	"github.com/weir-go/weir"
)

// Unwrap is Load for verbs that handle a batch as a whole, and so have no middleware:
//
//	weir.SQS(offload.Unwrap(weir.Batch(store), objects, offload.Buckets("orders-large")))
//
// It is built on weir.Unwrap: all large messages of a batch are loaded before v begins, as many at
// a time as weir.Concurrency says, and are in memory at once, see MaxTotal. What v, its
// observers and OnFailure see is the record with its content; Message.Raw has the pointer.
func Unwrap(v weir.Verb, objects Objects, opts ...Option) weir.Verb {
	c, err := gather("Unwrap", objects, opts)
	if err == nil && c.stream {
		err = errors.New("offload: Unwrap: Stream is for Load: the records of a batch are not handled one by one")
	}
	return &unwrap{c, err, v}
}

type unwrap struct {
	c    *config
	err  error
	verb weir.Verb
}

func (u *unwrap) Check(s weir.Setup) error {
	if u.err != nil {
		return u.err
	}
	if c, ok := weir.Unwrap(u.verb, u.c.opener(nil)).(weir.Checker); ok {
		return c.Check(s)
	}
	return nil
}

func (u *unwrap) Process(ctx context.Context, w *weir.Work) error {
	var r room
	r.left.Store(u.c.total)
	if u.c.total == 0 {
		r.left.Store(max(DefaultMaxTotal, u.c.max))
	}
	return weir.Unwrap(u.verb, u.c.opener(&r)).Process(ctx, w)
}

// opener loads the records of a batch, as far as there is room.
func (c *config) opener(r *room) weir.Opener {
	return func(ctx context.Context, m *weir.Message) ([]weir.Message, error) {
		p, large, err := c.pointer(ctx, m)
		if err != nil {
			return nil, err
		}
		if !large {
			return []weir.Message{*m}, nil
		}
		note(ctx, m, p)
		content, err := c.load(ctx, p, r)
		if err != nil {
			return nil, err
		}
		return []weir.Message{m.With(content)}, nil
	}
}
