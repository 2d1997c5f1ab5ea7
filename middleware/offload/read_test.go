package offload_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

func text(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(i%23)
	}
	return string(b)
}

// Objects of any size, in pieces of any size, whether the size is announced or not.
func TestReadWhole(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	readers := map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader, "end with data": iotest.DataErrReader,
	}
	for _, size := range []int{0, 1, 2, 1000, 64<<10 - 1, 64 << 10, 64<<10 + 1, 128 << 10, 128<<10 + 1, rng.IntN(1 << 20), 1 << 20} {
		for name, reader := range readers {
			for _, announced := range []bool{true, false} {
				b := bucketOf("1", text(size))
				b.body = func(content string) (io.Reader, int64) {
					if !announced {
						return reader(strings.NewReader(content)), -1
					}
					return reader(strings.NewReader(content)), int64(size)
				}
				var s seen
				fn := weir.SQS(weir.Each(s.handle), offload.Load(b, buckets, offload.MaxSize(1<<20)))
				weirtest.Run(t.Context(), fn, weirtest.SQS(large("m", "1"))).WantDone(t)
				if s.got[0] != text(size) || b.open != 0 {
					t.Fatalf("%d bytes, %s, announced %v: got %d", size, name, announced, len(s.got[0]))
				}
			}
		}
	}
}

// endless is a body without an end, which counts what is read.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	e.n += len(p)
	return len(p), nil
}

// The cap holds whatever is announced, and no half of an object is handed on.
func TestReadFails(t *testing.T) {
	t.Parallel()
	reset := errors.New("connection reset")
	cut := func(n int, err error) func(string) (io.Reader, int64) {
		return func(c string) (io.Reader, int64) {
			return io.MultiReader(strings.NewReader(c[:n]), iotest.ErrReader(err)), int64(len(c))
		}
	}
	var forever endless
	for name, tc := range map[string]struct {
		body func(string) (io.Reader, int64)
		want string
		is   error
		down bool // is Unavailable: another delivery may find it whole
	}{
		"cut":              {cut(5, io.EOF), "offload: s3://large/1: the download broke off at byte 5 of 10: unexpected EOF", io.ErrUnexpectedEOF, true},
		"cut at 0":         {cut(0, io.EOF), "broke off at byte 0 of 10", io.ErrUnexpectedEOF, true},
		"cut, as net/http": {cut(5, io.ErrUnexpectedEOF), "broke off at byte 5 of 10", io.ErrUnexpectedEOF, true},
		"cut, of no known size, as net/http": {func(c string) (io.Reader, int64) {
			return io.MultiReader(strings.NewReader(c[:5]), iotest.ErrReader(io.ErrUnexpectedEOF)), -1
		}, "broke off at byte 5", io.ErrUnexpectedEOF, true},
		"reset":            {cut(5, reset), "offload: s3://large/1: at byte 5: connection reset", reset, true},
		"checksum":         {cut(10, reset), "offload: s3://large/1: at byte 10: connection reset", reset, false},
		"reset at the end": {cut(10, &net.OpError{Op: "read", Err: reset}), "at byte 10: read: connection reset", reset, true},
		"of no known size": {func(c string) (io.Reader, int64) {
			return io.MultiReader(strings.NewReader(c[:5]), iotest.ErrReader(&net.OpError{Op: "read", Err: reset})), -1
		}, "at byte 5: read: connection reset", reset, true},
		"gzip, of no known size": {func(c string) (io.Reader, int64) {
			return io.MultiReader(strings.NewReader(c[:5]), iotest.ErrReader(gzip.ErrChecksum)), -1
		}, "at byte 5: gzip: invalid checksum", gzip.ErrChecksum, false},
		"says so":            {cut(5, weir.Permanent(reset)), "at byte 5: permanent: connection reset", reset, false},
		"longer":             {func(c string) (io.Reader, int64) { return strings.NewReader(c), 9 }, "more than the 9 bytes that were announced", nil, false},
		"too large":          {func(c string) (io.Reader, int64) { return strings.NewReader(c), 1 << 40 }, "larger than offload.MaxSize: 100000 bytes", offload.ErrTooLarge, false},
		"endless":            {func(c string) (io.Reader, int64) { return &forever, -1 }, "larger than offload.MaxSize", offload.ErrTooLarge, false},
		"endless, announced": {func(c string) (io.Reader, int64) { return &endless{}, 10 }, "more than the 10 bytes", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := bucketOf("1", "0123456789")
			b.body = tc.body
			var s seen
			limit := offload.MaxSize(100_000)
			for _, fn := range []*weir.Lambda{
				weir.SQS(weir.Each(s.handle), weir.ReportAll(), offload.Load(b, buckets, limit)),
				weir.SQS(offload.Unwrap(weir.Each(s.handle), b, buckets, limit), weir.ReportAll()),
			} {
				r := weirtest.Run(t.Context(), fn, weirtest.SQS(large("m", "1")))
				r.Want(t, weirtest.Failed)
				assert.Error(t, r.Records[0].Err, tc.want)
				assert.Equal(t, tc.is == nil || errors.Is(r.Records[0].Err, tc.is), true)
				_, down := errors.AsType[*weir.UnavailableError](r.Records[0].Err)
				assert.Equal(t, down, tc.down)
				assert.Equal(t, s.got, nil)
				assert.Equal(t, b.open, 0)
			}
		})
	}
	if forever.n == 0 || forever.n > 2*110_000 {
		t.Errorf("%d bytes were read", forever.n)
	}
}

// slow is a body that gives nothing until its context ends.
type slow struct{ ctx context.Context }

func (s slow) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, context.Cause(s.ctx)
}

type slowObjects struct{}

func (slowObjects) Get(ctx context.Context, p offload.Pointer) (offload.Object, error) {
	return offload.Object{Body: io.NopCloser(slow{ctx}), Size: 10}, nil
}

// A download that is still going on when Lambda must be answered ends, and its record comes back.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	for name, fn := range map[string]*weir.Lambda{
		"load":   weir.SQS(weir.Each((&seen{}).handle), offload.Load(slowObjects{}, buckets)),
		"unwrap": weir.SQS(offload.Unwrap(weir.Each((&seen{}).handle), slowObjects{}, buckets)),
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			begin := time.Now()
			r := weirtest.Run(ctx, fn, weirtest.SQS("small", large("m", "1")))
			if took := time.Since(begin); took != 9*time.Second {
				t.Errorf("%s: it took %v", name, took)
			}
			assert.Equal(t, errors.Is(r.Records[1].Err, weir.ErrDeadlineNear), true, fmt.Sprint(name, r.Records[1].Err))
			_, down := errors.AsType[*weir.UnavailableError](r.Records[1].Err)
			assert.Equal(t, down, false, "it is the record that took too long")
		})
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("body") }

func TestPanics(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", "content", "2", "content")
	b.body = func(content string) (io.Reader, int64) {
		if b.gets == 1 {
			return panicking{}, 7
		}
		return strings.NewReader(content), 7
	}
	var s seen
	fn := weir.SQS(offload.Unwrap(weir.Each(s.handle), b, buckets, offload.MaxSize(7), offload.MaxTotal(7)))
	weirtest.Run(t.Context(), fn, weirtest.SQS(large("m1", "1"), large("m2", "2"))).Want(t, weirtest.Failed, weirtest.Succeeded)
	assert.Equal(t, b.open, 0)
	assert.Equal(t, s.got, []string{"content"})
}
