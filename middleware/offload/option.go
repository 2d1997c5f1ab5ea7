package offload

import (
	"errors"
	"fmt"
	"strings"
)

// The defaults. A Lambda has 128 MB of memory unless told otherwise, of which a Go function with the
// AWS SDK leaves some 80: room for one payload and for what is decoded of it, or for a batch.
const (
	DefaultMaxSize  = 32 << 20 // bytes
	DefaultMaxTotal = 64 << 20 // bytes
	DefaultAtOnce   = 8
)

// Option is a setting of Load and Unwrap.
type Option func(*config)

type config struct {
	objects  Objects
	places   []place
	max      int64 // bytes of an object
	maxGiven bool
	total    int64 // bytes of all objects of a batch; 0 is not given
	atOnce   int
	ofBatch  string // an option that was given and is only for Unwrap
	stream   bool
	unmarked bool

	errs []error
}

func gather(who string, objects Objects, opts []Option) (*config, error) {
	c := &config{objects: objects, max: DefaultMaxSize, atOnce: DefaultAtOnce}
	if objects == nil {
		c.refuse("no Objects: give s3objects.New(client)")
	}
	if o, ok := objects.(checked); ok {
		if err := o.Err(); err != nil {
			c.refuse("%w", err)
		}
	}
	for i, o := range opts {
		if o == nil {
			c.refuse("option %d is nil", i)
			continue
		}
		o(c)
	}
	if len(c.places) == 0 {
		c.refuse("no Buckets: list those that pointers may name, for it is the sender who chooses")
	}
	if c.total > 0 && c.total < c.max {
		if c.maxGiven {
			c.refuse("MaxTotal(%d) is less than MaxSize(%d): some objects would never have room", c.total, c.max)
		}
		c.max = c.total
	}
	if len(c.errs) > 0 {
		return nil, fmt.Errorf("offload: %s: %w", who, errors.Join(c.errs...))
	}
	return c, nil
}

func (c *config) refuse(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

// place is a bucket, or a part of one.
type place struct{ bucket, prefix string }

// Buckets lists the buckets that pointers may name. It must be given, since whoever may send
// messages could have any object read that the function may read. An entry such as
// "orders-large/incoming/" allows only keys that begin with what stands behind the slash. Several
// Buckets add up.
func Buckets(names ...string) Option {
	return func(c *config) {
		for _, name := range names {
			p := place{bucket: name}
			if !strings.HasPrefix(name, "arn:") { // of an access point, which has slashes
				p.bucket, p.prefix, _ = strings.Cut(name, "/")
			}
			if p.bucket == "" || strings.ContainsAny(p.bucket, "*? ") {
				c.refuse("Buckets: %q is no name of a bucket, and there are no wildcards", name)
			}
			c.places = append(c.places, p)
		}
	}
}

// allows reports whether an object is at one of the places. Behind a prefix, no key may climb up
// again: S3 takes dots for plain letters, but who stands in between may not.
func (c *config) allows(p Pointer) bool {
	for _, at := range c.places {
		if p.Bucket == at.bucket && strings.HasPrefix(p.Key, at.prefix) &&
			(at.prefix == "" || !strings.Contains("/"+p.Key+"/", "/../")) {
			return true
		}
	}
	return false
}

// MaxSize limits an object to n bytes, DefaultMaxSize by default. A larger one fails its
// record as soon as that is known, and no more than n bytes are ever read. With weir.Concurrency,
// as many payloads are in memory at once. Under Stream there is no limit by default.
func MaxSize(n int64) Option {
	return func(c *config) {
		if n < 1 {
			c.refuse("MaxSize(%d): it takes 1 byte or more", n)
		}
		c.max, c.maxGiven = n, true
	}
}

// MaxTotal limits what Unwrap loads for one batch to n bytes, DefaultMaxTotal by default, or
// MaxSize if that is more. The last records, for which there is no room, fail as weir.Unavailable, and
// come back in another batch. What Lambda delivered as one record, and another envelope took apart, is
// loaded as a whole or not at all, and fails as weir.Permanent if no batch has room for it. With less than MaxSize's default, it is the limit of an object too.
func MaxTotal(n int64) Option {
	return func(c *config) {
		if n < 1 {
			c.refuse("MaxTotal(%d): it takes 1 byte or more", n)
		}
		c.total, c.ofBatch = n, "MaxTotal"
	}
}

// AtOnce is how many objects Unwrap loads at a time, DefaultAtOnce by default.
func AtOnce(n int) Option {
	return func(c *config) {
		if n < 1 {
			c.refuse("AtOnce(%d): it takes 1 or more", n)
		}
		c.atOnce, c.ofBatch = n, "AtOnce"
	}
}

// Stream leaves objects where they are, for a handler that reads them by Open. The record it gets is
// the one with the pointer.
func Stream() Option { return func(c *config) { c.stream = true } }

// Unmarked takes a pointer for one even if the record lacks the attribute: for sources without
// attributes, and for what strips them on the way. Then whoever decides about a body, such as a user
// whose text it is, can make it a pointer into one of the Buckets.
func Unmarked() Option { return func(c *config) { c.unmarked = true } }
