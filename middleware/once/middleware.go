package once

import (
	"context"

	"github.com/weir-go/weir"
)

// Use is the option that puts Middleware around the handler of Each or EachMessage. Lambda.Err
// refuses a Store or a Key that cannot be, and a Store that another Use, Middleware, Do or Result took.
//
//	weir.SQS(weir.Each(ship), once.Use(store, once.Pointer("/order/id")))
func Use(s *Store, key Key) weir.FlowOption {
	if err := s.take(key.name, key.check()); err != nil {
		return weir.Refuse(err)
	}
	return weir.Named("once.Use", weir.Use(s.middleware(key)))
}

// Middleware runs the handler once for each key. It is for weir.Use. What Use refuses fails every record
// here, as weir.Unavailable, since it is not the records' fault, and Store.Err tells it. Place it
// outside of what should happen once, and inside of what should happen for every delivery. The
// handler decodes records inside of it, so those that cannot be decoded claim their key, and give
// it up.
func Middleware(s *Store, key Key) weir.Middleware {
	if err := s.take(key.name, key.check()); err != nil {
		err = weir.Unavailable(err)
		return func(weir.Handler) weir.Handler {
			return func(context.Context, *weir.Message) error { return err }
		}
	}
	return s.middleware(key)
}

func (s *Store) middleware(key Key) weir.Middleware {
	return func(next weir.Handler) weir.Handler {
		a := newAhead(s, key)
		return func(ctx context.Context, m *weir.Message) error {
			text, err := a.keyOf(ctx, m)
			switch {
			case err != nil:
				return err
			case text == "" && s.keyless:
				return next(ctx, m)
			case text == "":
				return weir.Permanent(key.none(m))
			}
			out := s.run(ctx, m, text, a.row, func(ctx context.Context) ([]byte, bool, error) {
				return nil, true, next(ctx, m)
			})
			a.learn(text, out)
			return out.error()
		}
	}
}
