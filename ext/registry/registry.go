package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/weir-go/weir"
)

// Schema is what a registry knows of an ID.
type Schema struct {
	ID   ID
	Type string // AVRO, PROTOBUF or JSON
	Text string

	// References are the schemas that Text uses, and those that they use: each comes before
	// what needs it.
	References []Reference
}

// Reference is a schema that another one uses by a name.
type Reference struct{ Name, Text string }

// Registry finds schemas and keeps them. It is safe for concurrent use.
type Registry struct {
	fetch  func(ctx context.Context, id ID) (Schema, error)
	kind   kind // of its IDs, noID for any
	config config
	cache  *cache[Schema]
}

type config struct {
	client  *http.Client
	timeout time.Duration
	retry   time.Duration
	max     int
	err     error
}

// Option is an option of a Registry.
type Option func(*config)

// Client makes Confluent use an HTTP client of yours, which may carry certificates or add
// credentials in its Transport. A user and password in the URL need none.
func Client(c *http.Client) Option {
	return func(o *config) {
		if c == nil {
			o.refuse("Client(nil): give a client, or leave the option out")
		}
		o.client = c
	}
}

// Timeout is how long a schema may take to come, with its references, 5 seconds by default. The
// record waits for it, but not over the end of its invocation.
func Timeout(d time.Duration) Option {
	return func(o *config) {
		if d <= 0 {
			o.refuse(fmt.Sprintf("Timeout(%v): it must be positive", d))
		}
		o.timeout = d
	}
}

// RetryUnknown is how long a registry is believed that it does not know a schema, 10 seconds by
// default: so long, records that name it fail without asking again.
func RetryUnknown(d time.Duration) Option {
	return func(o *config) {
		if d <= 0 {
			o.refuse(fmt.Sprintf("RetryUnknown(%v): it must be positive", d))
		}
		o.retry = d
	}
}

// MaxSchemas is how many schemas are kept, 1,000 by default. Each decoder keeps as many in the
// form that it decodes by.
func MaxSchemas(n int) Option {
	return func(o *config) {
		if n <= 0 {
			o.refuse(fmt.Sprintf("MaxSchemas(%d): it must be positive", n))
		}
		o.max = n
	}
}

func (o *config) refuse(text string) { o.err = errors.Join(o.err, errors.New("registry: "+text)) }

// pause is for how long a registry that did not answer is not asked for the same schema again,
// so that a batch does not wait for each of its records.
const pause = time.Second

// New makes a Registry of a function of yours. Its error is taken for a registry that does not
// answer, unless it matches ErrUnknownSchema.
func New(fetch func(ctx context.Context, id ID) (Schema, error), opts ...Option) (*Registry, error) {
	return newRegistry(noID, fetch, opts)
}

func newRegistry(k kind, fetch func(ctx context.Context, id ID) (Schema, error), opts []Option) (*Registry, error) {
	c := configOf(opts)
	if fetch == nil {
		c.refuse("nil was given for the function that fetches schemas")
	}
	return &Registry{fetch: fetch, kind: k, config: c, cache: newCache[Schema](max(1, c.max))}, c.err
}

func configOf(opts []Option) config {
	c := config{client: new(http.Client), timeout: 5 * time.Second, retry: 10 * time.Second, max: 1000}
	for i, o := range opts {
		if o == nil {
			c.refuse(fmt.Sprintf("option %d is nil", i))
			continue
		}
		o(&c)
	}
	return c
}

// Schema returns the schema of an ID, which the caller must not change. Its error matches
// ErrUnknownSchema if the registry does not know it, and *weir.UnavailableError if it does not
// answer.
func (r *Registry) Schema(ctx context.Context, id ID) (Schema, error) {
	if s, ok := r.cache.peek(id); ok {
		return s, nil
	}
	if r.kind != noID && id.kind != r.kind {
		return Schema{}, fmt.Errorf("%w: %v is an identifier of %v, not of %v", ErrUnknownSchema, id, id.kind, r.kind)
	}
	s, err := r.cache.get(ctx, id, func(ctx context.Context) (Schema, time.Duration, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, r.config.timeout,
			fmt.Errorf("no answer within %v: %w", r.config.timeout, context.DeadlineExceeded))
		defer cancel()
		s, err := r.fetch(ctx, id)
		switch {
		case fault(err):
			return Schema{}, r.config.retry, err
		case err != nil && ctx.Err() != nil:
			return Schema{}, pause, context.Cause(ctx)
		case err != nil:
			return Schema{}, pause, err
		case s.Text == "":
			return Schema{}, pause, errors.New("the registry gave no text of it")
		}
		s.ID = id
		return s, forever, nil
	})
	switch {
	case fault(err):
		return Schema{}, fmt.Errorf("schema %v: %w", id, err)
	case err != nil:
		return Schema{}, weir.Unavailable(fmt.Errorf("schema %v: %w", id, err))
	}
	return s, nil
}

// fault reports whether an error is the schema's, not the registry's.
func fault(err error) bool {
	return errors.Is(err, ErrUnknownSchema) || errors.Is(err, errUnusable)
}
