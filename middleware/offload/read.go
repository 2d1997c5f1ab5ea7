package offload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/weir-go/weir"
)

// get begins to read an object.
func (c *config) get(ctx context.Context, p Pointer) (Object, error) {
	o, err := c.objects.Get(ctx, p)
	switch {
	case errors.Is(err, ErrMissing):
		return o, weir.Permanent(about(p, err))
	case err != nil:
		return o, about(p, err)
	case o.Body == nil:
		return o, about(p, errors.New("Objects returned neither a body nor an error"))
	}
	if c.limited() && o.Size > c.max {
		_ = o.Body.Close()
		return o, c.tooLarge(p)
	}
	return o, nil
}

func (c *config) limited() bool { return !c.stream || c.maxGiven }

func (c *config) tooLarge(p Pointer) error {
	return weir.Permanent(about(p, fmt.Errorf("%w: %d bytes", ErrTooLarge, c.max)))
}

func about(p Pointer, err error) error { return fmt.Errorf("offload: %s: %w", p, err) }

// room is what a batch has left of MaxTotal; nil is no limit.
type room struct{ left atomic.Int64 }

func (r *room) take(n int64) bool {
	if r != nil && r.left.Add(-n) < 0 {
		r.left.Add(n)
		return false
	}
	return true
}

// noRoomError is an ErrNoRoom that says how many bytes would have to be there.
type noRoomError struct{ need int64 }

func (e *noRoomError) Error() string {
	return ErrNoRoom.Error() + ": the batch has too many large messages, lower BatchSize or raise it"
}

func (e *noRoomError) Is(target error) bool { return target == ErrNoRoom }

func (r *room) giveBack(n int64) {
	if r != nil {
		r.left.Add(n)
	}
}

// load reads an object into one buffer.
func (c *config) load(ctx context.Context, p Pointer, from *room) (content []byte, err error) {
	o, err := c.get(ctx, p)
	if err != nil {
		return nil, err
	}
	size := o.Size
	if size < 0 {
		size = min(firstRead, c.max)
	}
	taken, loaded := int64(0), false
	defer func() {
		_ = o.Body.Close()
		if !loaded { // or it panicked
			from.giveBack(taken)
		}
	}()
	r := &counted{ctx: ctx, body: o.Body, p: p, c: c, size: o.Size}
	for have := 0; ; size = min(2*size, c.max) {
		if !from.take(size - taken) {
			return nil, weir.Unavailable(about(p, &noRoomError{size}))
		}
		taken = size
		grown := make([]byte, size+1) // one more, to come upon the end
		copy(grown, content[:have])
		content = grown
		n, err := io.ReadFull(r, content[have:])
		have += n
		if r.ended {
			loaded = true
			return content[:have], nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// firstRead is how much is read of an object of unknown size before there is a larger buffer.
const firstRead = 64 << 10

// counted is the body of an object, which ends where it should or fails.
type counted struct {
	ctx   context.Context
	body  io.Reader
	p     Pointer
	c     *config
	size  int64 // below 0 when it is not known
	n     int64
	ended bool // at its end
}

func (r *counted) Read(b []byte) (int, error) {
	n, err := r.body.Read(b)
	n = max(0, min(n, len(b)))
	r.n += int64(n)
	switch {
	case r.c.limited() && r.n > r.c.max:
		return 0, r.c.tooLarge(r.p)
	case r.size >= 0 && r.n > r.size:
		return 0, about(r.p, fmt.Errorf("there are more than the %d bytes that were announced", r.size))
	case err == io.EOF && r.n < r.size, err == io.ErrUnexpectedEOF:
		return n, r.broken(fmt.Errorf("the download broke off at byte %d of %d: %w", r.n, r.size, io.ErrUnexpectedEOF))
	case err == io.EOF:
		r.ended = true
		return n, io.EOF
	case err != nil:
		err = fmt.Errorf("at byte %d: %w", r.n, err)
		if r.n >= r.size && !ofNetwork(err) {
			return n, about(r.p, err) // such as that of a checksum, which is so each time
		}
		return n, r.broken(err)
	}
	return n, nil
}

// broken is the error of a download that is not the object's fault. If the record had no more time,
// that is what counts.
func (r *counted) broken(err error) error {
	err = about(r.p, err)
	if _, permanent := errors.AsType[*weir.PermanentError](err); permanent || r.ctx.Err() != nil {
		return err
	}
	return weir.Unavailable(err)
}

// ofNetwork reports whether an error is what net.Error is.
func ofNetwork(err error) bool {
	_, ok := errors.AsType[interface {
		error
		Timeout() bool
		Temporary() bool
	}](err)
	return ok
}
