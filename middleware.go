package weir

import (
	"cmp"
	"context"
	"fmt"
)

// Middleware wraps the handler of records in another, which may look at the record, change what
// is handed on (see WithMessage), call next or not, any number of times, and answer with another
// error. It is called once for each batch, so what it makes lives as long as the batch, and what
// it closes over as long as the Lambda. Under Concurrency the handler it returns is called from
// several goroutines at a time. If it panics, or returns nil, the records of the batch fail as Unavailable.
//
// A record whose envelope is damaged does not come by: see OnUndecodable and OnFailure.
type Middleware func(next Handler) Handler

// Use puts middleware around the handler of Each or EachMessage. What is listed first is
// outermost: it sees a record first and its error last. Several Use add up, in their order.
// Verbs that handle a batch as a whole, Batch and pipelines, refuse it; for what wraps a payload
// they have Unwrap.
func Use(m ...Middleware) FlowOption {
	return flowOption(func(c *config) {
		for i, f := range m {
			if f == nil {
				c.refuse("Use: middleware %d is nil", i)
				return
			}
		}
		if len(m) > 0 {
			c.middleware = append(c.middleware, m...)
			c.names = append(c.names, cmp.Or(c.name, "Use"))
			c.wrap = (*Work).wrap
		}
	})
}

// wrap puts the middleware around a handler, which is that of e, if there is one.
func (w *Work) wrap(h Handler, e *each) Handler {
	if e != nil {
		h = e.handler()
	}
	err := guard(func() error {
		for i := len(w.l.cfg.middleware) - 1; i >= 0; i-- {
			if h = w.l.cfg.middleware[i](h); h == nil {
				return fmt.Errorf("weir: Use: middleware %d returned a nil Handler", i)
			}
		}
		return nil
	})
	if err != nil {
		err = Unavailable(err) // which is not the records' fault
		return func(context.Context, *Message) error { return err }
	}
	return h
}

// FailureHandler decides a record that failed, by the error it returns: an error retries the
// record, Drop(err) gives it up, and so does nil, for by then the function has taken care of it.
type FailureHandler func(ctx context.Context, m *Message, err error) error

// OnFailure sets a function that decides the records that failed, by whatever verb, before
// anybody is told: for records that are undecodable after OnUndecodable has decided, and for
// panics too. Records that were not run or not finished are not its business, nor are those that
// an observer failed.
func OnFailure(h FailureHandler) FlowOption {
	return flowOption(func(c *config) {
		if h == nil {
			c.refuse("OnFailure(nil): leave it out to retry what failed")
		}
		name := cmp.Or(c.name, "OnFailure")
		if c.onFailure != nil {
			c.refuse("%s beside %s: only one can decide records that failed", name, c.judge)
		}
		c.onFailure, c.judge = h, name
	})
}
