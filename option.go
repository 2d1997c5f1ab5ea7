package weir

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Option applies to every source.
type Option interface {
	FlowOption
	applyWindow(*config)
}

// FlowOption applies to every source whose records stand for themselves: all but windows.
type FlowOption interface {
	SQSOption
	StreamOption
	KafkaOption
	applyFlow(*config)
}

// SQSOption applies to SQS.
type SQSOption interface{ applySQS(*config) }

// StreamOption applies to Kinesis and DynamoDB.
type StreamOption interface{ applyStream(*config) }

// WindowOption applies to KinesisWindow and DynamoDBWindow.
type WindowOption interface{ applyWindow(*config) }

type sqsOption func(*config)

func (o sqsOption) applySQS(c *config) { o(c) }

type flowOption func(*config)

func (o flowOption) applySQS(c *config)    { o(c) }
func (o flowOption) applyStream(c *config) { o(c) }
func (o flowOption) applyFlow(c *config)   { o(c) }

type option struct{ flowOption }

func (o option) applyWindow(c *config) { o.flowOption(c) }

// Options makes one option of several, to share them between Lambdas.
func Options(opts ...Option) Option {
	return option{func(c *config) {
		for i, o := range opts {
			if o == nil {
				c.refuse("Options: option %d is nil", i)
				continue
			}
			o.applyFlow(c)
		}
	}}
}

// FlowOptions is Options for those that do not apply to windows.
func FlowOptions(opts ...FlowOption) FlowOption { return flowOptions(opts) }

// flowOptions is no flowOption, since what is in it may not be the same for all sources.
type flowOptions []FlowOption

func (l flowOptions) applySQS(c *config)    { l.each(c, func(o FlowOption) { o.applySQS(c) }) }
func (l flowOptions) applyStream(c *config) { l.each(c, func(o FlowOption) { o.applyStream(c) }) }
func (l flowOptions) applyKafka(c *config)  { l.each(c, func(o FlowOption) { o.applyKafka(c) }) }
func (l flowOptions) applyFlow(c *config)   { l.each(c, func(o FlowOption) { o.applyFlow(c) }) }

func (l flowOptions) each(c *config, apply func(FlowOption)) {
	for i, o := range l {
		if o == nil {
			c.refuse("FlowOptions: option %d is nil", i)
			continue
		}
		apply(o)
	}
}

// Named is FlowOptions for packages that make options of Use or OnFailure: what is refused is called
// by the name that its user knows, such as "once.Use".
func Named(name string, opts ...FlowOption) FlowOption {
	return named{flowOptions(opts), name}
}

type named struct {
	flowOptions
	name string
}

func (n named) applySQS(c *config)    { n.as(c, n.flowOptions.applySQS) }
func (n named) applyStream(c *config) { n.as(c, n.flowOptions.applyStream) }
func (n named) applyKafka(c *config)  { n.as(c, n.flowOptions.applyKafka) }
func (n named) applyFlow(c *config)   { n.as(c, n.flowOptions.applyFlow) }

func (n named) as(c *config, apply func(*config)) {
	outer := c.name
	if c.name == "" { // the outermost is what the user wrote
		c.name = n.name
	}
	apply(c)
	c.name = outer
}

// SQSOnly makes an option that compiles with SQS alone, for packages whose options make no sense
// elsewhere.
func SQSOnly(opts ...FlowOption) SQSOption {
	return sqsOption(flowOptions(opts).applySQS)
}

// Refuse makes an option that cannot be: Lambda.Err and every invocation answer with the error. It
// is for packages that make options, and are given what makes no sense.
func Refuse(err error) Option {
	return option{func(c *config) { c.refuse("%w", err) }}
}

// policy is what UndecodableHandler and FailureHandler are. It is an alias, since a type with a name is 200 bytes more in
// a binary than one without.
type policy = func(ctx context.Context, m *Message, err error) error

type config struct {
	reportAll   bool
	stop        bool
	skipGroup   bool
	goOn        bool   // ContinueOnFailure
	everyOffset bool   // ReportEveryOffset
	cluster     string // KafkaCluster
	concurrency int
	lanes       func(r *round, n int) (workers int) // set by Concurrency, so that others are not linked with it
	reserve     time.Duration
	timeout     time.Duration
	undecodable policy                              // nil for FailUndecodable
	onFailure   policy                              // nil for none
	wrap        func(*Work, Handler, *each) Handler // set by Use, so that others are not linked with it
	middleware  []Middleware
	names       []string                                                          // of the options that brought it
	name        string                                                            // of the option that is being applied, see Named
	judge       string                                                            // name of the option that set onFailure
	watched     moments                                                           // at which there is somebody to be told
	observers   watcher                                                           // nil when nothing is watched
	log         logFunc                                                           // nil when nothing is logged
	sumUp       func(w *Work, ctx context.Context, begin time.Time, gaveUp error) // set by Logger and Observe, so that others are not linked with it

	err error // what cannot be
}

func newConfig() *config {
	return &config{reserve: defaultReserve}
}

// given refuses a source's option that is nil.
func (c *config) given(i int, o any) bool {
	if o == nil {
		c.refuse("option %d is nil", i)
	}
	return o != nil
}

func (c *config) refuse(format string, args ...any) {
	c.fail(fmt.Errorf("weir: "+format, args...))
}

// fail does what errors.Join would, which is another kilobyte in a binary.
func (c *config) fail(err error) {
	if c.err != nil {
		err = fmt.Errorf("%w\n%w", c.err, err)
	}
	c.err = err
}

// ReportAll makes a batch in which nothing was done report every identifier. By default
// Invoke returns a *BatchError then, which is safe even if the event source mapping lacks
// ReportBatchItemFailures, and counts in Lambda's error metric.
func ReportAll() Option { return option{func(c *config) { c.reportAll = true }} }

// StopOnFailure starts no further record after one failed: it and all that were not run
// are reported. A FIFO queue does so anyway, unless SkipGroup is given; standard queues and
// streams go on by default, and a Kafka batch with its other partitions. On streams it also spares what stands behind the failure a second
// run, and lets BisectBatchOnFunctionError do its work: see Kinesis.
func StopOnFailure() FlowOption {
	return flowOption(func(c *config) { c.stop = true })
}

// SkipGroup lets a FIFO queue go on with other message groups after a failure: the failed
// record and the later ones of its group are reported. A record without a group stands
// alone. A standard queue has no groups to skip and goes on anyway.
func SkipGroup() SQSOption { return sqsOption(func(c *config) { c.skipGroup = true }) }

// Concurrency runs up to n records at a time. Records of a FIFO group, of a Kinesis
// partition key, of a DynamoDB item or of a Kafka partition never overlap or overtake each other; a standard
// queue has no such order. By default n is 1: records run one by one, in record order.
func Concurrency(n int) FlowOption {
	return concurrency(n)
}

// concurrency is no flowOption, since only streams have item keys.
type concurrency int

func (n concurrency) applySQS(c *config)  { n.apply(c, byKey) }
func (n concurrency) applyFlow(c *config) { n.apply(c, byKey) }

func (n concurrency) applyStream(c *config) { n.apply(c, byItem) }

func (n concurrency) apply(c *config, lanes func(*round, int) int) {
	if n < 1 {
		c.refuse("Concurrency(%d): it takes 1 or more", n)
	}
	c.concurrency, c.lanes = int(n), lanes
}

// DeadlineReserve sets how long before the Lambda deadline weir stops: it starts no more
// records, ends the contexts of those that run with the cause ErrDeadlineNear, and reports
// what is not done. Half the reserve before the deadline it answers even if a handler has
// not returned; that handler's goroutine is left behind and logged. The default is a tenth
// of the time that the invocation has, at most a second; more than half of that time is cut
// to half. 0 switches all of it off.
func DeadlineReserve(d time.Duration) Option {
	return option{func(c *config) {
		if d < 0 {
			c.refuse("DeadlineReserve(%v): it takes 0 or more", d)
		}
		c.reserve = d
	}}
}

// RecordTimeout ends a record's context after d with the cause ErrRecordTimeout. The record
// fails if its handler then returns an error.
func RecordTimeout(d time.Duration) Option {
	return option{func(c *config) {
		if d <= 0 {
			c.refuse("RecordTimeout(%v): it takes more than 0", d)
		}
		c.timeout = d
	}}
}

// OnUndecodable says what becomes of a record that cannot be decoded: FailUndecodable (the
// default), DropUndecodable, or a function of yours.
func OnUndecodable(h UndecodableHandler) Option {
	return option{func(c *config) {
		if h == nil {
			c.refuse("OnUndecodable(nil): give FailUndecodable, DropUndecodable or a function")
		}
		c.undecodable = h
	}}
}

// Observe adds an observer: anything that implements at least one of BatchContext,
// BatchStarted, RecordStarted, RecordSucceeded, RecordDropped, RecordFailed, RecordSkipped and BatchEnded.
// Observers are called in the order they are given.
func Observe(observer any) Option {
	return option{func(c *config) {
		all, _ := c.observers.(*observers)
		if all == nil {
			all = new(observers)
		}
		watched := all.add(observer)
		if watched == 0 {
			c.refuse("Observe(%T): it has none of the observers' methods, see weir.RecordStartedObserver and its siblings", observer)
		}
		c.watched, c.observers, c.sumUp = c.watched|watched, all, (*Work).sumUp
	}}
}

// Logger logs one line per batch that had trouble, and what would otherwise go unseen,
// such as a failing observer. By default nothing is logged.
func Logger(l *slog.Logger) Option {
	return option{func(c *config) {
		if l == nil {
			c.refuse("Logger(nil): leave it out to log nothing")
			return
		}
		c.log, c.sumUp = logTo(l), (*Work).sumUp
	}}
}
