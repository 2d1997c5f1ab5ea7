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
// It is built on weir.Unwrap: all large messages of a batch are loaded before v begins, AtOnce of
// them at a time, and are in memory together, see MaxTotal. What v, its observers and OnFailure see
// is the record with its content; Message.Raw has the pointer.
func Unwrap(v weir.Verb, objects Objects, opts ...Option) weir.Verb {
	c, err := gather("Unwrap", objects, opts)
	if err == nil && c.stream {
		err = errors.New("offload: Unwrap: Stream is for Load: the records of a batch are not handled one by one")
	}
	if err == nil && v == nil {
		err = errors.New("offload: Unwrap: no verb: give weir.Batch(f), a pipeline or another verb")
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
	none := func(context.Context, *weir.Message) ([]weir.Message, error) { return nil, nil }
	if c, ok := weir.Unwrap(u.verb, none).(weir.Checker); ok {
		return c.Check(s)
	}
	return nil
}

func (u *unwrap) Process(ctx context.Context, w *weir.Work) error {
	if u.err != nil {
		return u.err
	}
	return weir.Unwrap(u.verb, u.c.ahead(ctx, w).open).Process(ctx, w)
}
