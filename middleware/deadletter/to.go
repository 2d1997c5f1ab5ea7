package deadletter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/errtree"
)

// DefaultTimeout is how long a sink may take for a letter, see Timeout.
const DefaultTimeout = 30 * time.Second

// To sends each record that is given up to a sink: those that a handler, OnUndecodable or OnFailure
// dropped, and those that a policy among the options gives up. The record is done once the sink has
// it, and fails when the sink does.
//
// Policies decide records that failed. They never give up a record for what is not its fault: an Abort, an
// Unavailable, a deadline, a record that was not run, or an error with a method Blameless() bool that says so,
// as that of package once for a record that is at work elsewhere. What no policy gives up is retried. They take the place
// of weir.OnFailure, which is therefore refused beside them; When takes a function.
//
// What the function of a weir.Batch returns is the error of each record that it has not decided, for policies
// too: say weir.BatchOf.Fail of those that are meant, or take weir.Bisect.
//
// A sink may have a method Err() error, as those of ext have: what it returns makes Lambda.Err refuse the
// sink.
//
// List it before other observers of dropped records, such as one that counts: they are told of a drop
// only when those before did not fail it.
func To(s Sink, opts ...Option) weir.FlowOption {
	c := config{timeout: DefaultTimeout}
	if err := check(s); err != nil {
		c.refuse("%w", err)
	}
	for i, o := range opts {
		if o == nil {
			c.refuse("deadletter: To: option %d is nil", i)
			continue
		}
		o(&c)
	}
	if err := errors.Join(c.errs...); err != nil {
		return weir.Refuse(err)
	}
	d := &desk{sink: s, config: c}
	if len(c.policies) == 0 {
		return weir.Observe(d)
	}
	return weir.Named("deadletter.To", weir.Observe(d), weir.OnFailure(d.judge))
}

// Option is a policy of To, or another setting of it.
type Option func(*config)

type config struct {
	policies []policy
	timeout  time.Duration
	errs     []error
}

func (c *config) refuse(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

// policy gives a record up. It may say why it cannot tell.
type policy struct {
	reason Reason
	name   string
	judge  func(m *weir.Message, err error, says int) (giveUp bool, cannot string)
}

func (c *config) add(reason Reason, name string, judge func(*weir.Message, error, int) (bool, string)) {
	c.policies = append(c.policies, policy{reason, name, judge})
}

// MaxReceives gives up a record that failed when it was received n times: Message.Attempt, which SQS and
// workers over queues count. Choose less than the maxReceiveCount of the queue's own redrive policy, or that
// comes first. Streams and Kafka do not count deliveries: give MaxAge too, or the error of a
// record that fails says that nothing can give it up.
func MaxReceives(n int) Option {
	return func(c *config) {
		if n < 1 {
			c.refuse("deadletter: MaxReceives(%d): it takes 1 or more", n)
		}
		c.add(ReasonReceives, fmt.Sprintf("MaxReceives(%d)", n), func(m *weir.Message, _ error, _ int) (bool, string) {
			if m.Attempt == 0 {
				return false, "the source does not count deliveries: use MaxAge"
			}
			return m.Attempt >= n, ""
		})
	}
}

// MaxAge gives up a record that failed when it is older than d, by Message.Time.
func MaxAge(d time.Duration) Option {
	return func(c *config) {
		if d <= 0 {
			c.refuse("deadletter: MaxAge(%v): it takes more than 0", d)
		}
		c.add(ReasonAge, fmt.Sprintf("MaxAge(%v)", d), func(m *weir.Message, _ error, _ int) (bool, string) {
			if m.Time.IsZero() {
				return false, "the record has no time"
			}
			return time.Since(m.Time) >= d, ""
		})
	}
}

// Undecodable gives up at once what cannot be decoded: it will not be next time either. Deploy with care:
// a handler whose type is wrong finds every record undecodable.
func Undecodable() Option {
	return func(c *config) {
		c.add(ReasonUndecodable, "Undecodable()", func(_ *weir.Message, _ error, says int) (bool, string) {
			return says == errtree.Undecodable, ""
		})
	}
}

// Permanent gives up at once what failed with weir.Permanent.
func Permanent() Option {
	return func(c *config) {
		c.add(ReasonPermanent, "Permanent()", func(_ *weir.Message, _ error, says int) (bool, string) {
			return says == errtree.Permanent, ""
		})
	}
}

// When gives up what a function says so about. The name stands in letters.
func When(name string, giveUp func(m *weir.Message, err error) bool) Option {
	return func(c *config) {
		if giveUp == nil || name == "" {
			c.refuse("deadletter: When(%q): it takes a name and a function", name)
		}
		c.add(ReasonRule, name, func(m *weir.Message, err error, _ int) (bool, string) { return giveUp(m, err), "" })
	}
}

// Timeout is how long a sink may take for a letter, beside the Lambda's deadline: then its context
// ends. The default is DefaultTimeout.
func Timeout(d time.Duration) Option {
	return func(c *config) {
		if d <= 0 {
			c.refuse("deadletter: Timeout(%v): it takes more than 0", d)
		}
		c.timeout = d
	}
}

// GaveUpError is in the weir.Drop by which a policy gives a record up.
type GaveUpError struct {
	Reason Reason
	Policy string
	Err    error
}

func (e *GaveUpError) Error() string {
	return fmt.Sprintf("given up by %s: %s", e.Policy, textOf(e.Err))
}

// Unwrap returns the error of the record.
func (e *GaveUpError) Unwrap() error { return e.Err }

// desk is what To installs.
type desk struct {
	config
	sink Sink
}

// judge asks the policies about a record that failed.
func (d *desk) judge(ctx context.Context, m *weir.Message, err error) error {
	says := errtree.Says(err)
	if says >= errtree.Blameless || ctx.Err() != nil || outOfTime(err) {
		return err
	}
	lame := ""
	able := false
	for _, p := range d.policies {
		giveUp, cannot := p.judge(m, err, says)
		switch {
		case giveUp:
			return weir.Drop(&GaveUpError{p.reason, p.name, err})
		case cannot != "":
			lame = fmt.Sprintf("%s: %s", p.name, cannot)
		case p.reason == ReasonReceives || p.reason == ReasonAge:
			able = true
		}
	}
	if lame != "" && !able {
		return fmt.Errorf("%w (not given up by deadletter.%s)", err, lame)
	}
	return err
}

// outOfTime reports whether the deadline is why a record failed. An error whose methods panic does not say so.
func outOfTime(err error) (yes bool) {
	defer func() { _ = recover() }()
	return errors.Is(err, weir.ErrDeadlineNear)
}

// RecordDropped implements weir.RecordDroppedObserver.
func (d *desk) RecordDropped(ctx context.Context, m *weir.Message, err error) error {
	l := NewLetter(m, err)
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	if sunk := d.sink.Send(ctx, l); sunk != nil {
		return &notSentError{sunk, err, l.Error}
	}
	return nil
}

// notSentError is the failure of a record that the sink did not take: because of the sink's error, and of
// why it was given up, whose text has been read.
type notSentError struct {
	sunk, reason error
	text         string
}

func (e *notSentError) Error() string {
	return fmt.Sprintf("deadletter: the sink did not take the record: %v; it was given up for: %s", e.sunk, e.text)
}

func (e *notSentError) Unwrap() []error { return []error{e.sunk, e.reason} }
