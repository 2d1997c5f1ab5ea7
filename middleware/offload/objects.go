package offload

import (
	"context"
	"errors"
	"io"
)

// Objects is where large payloads are. Package s3objects has those of S3. It is called from several
// goroutines at a time.
type Objects interface {
	// Get begins to read an object. The context is that of the record: once it ends, reads have to
	// end too. The error matches ErrMissing if there is no such object; it should be
	// weir.Unavailable if nobody answered.
	Get(ctx context.Context, p Pointer) (Object, error)
}

// Object is an object that is being read.
type Object struct {
	// Body is the content. An error before its end, or one of the network, is taken for
	// weir.Unavailable unless it says weir.Permanent; one at the end, such as that of a checksum, is
	// the object's.
	Body io.ReadCloser
	Size int64 // bytes, to be checked against what is read; below 0 when it is not known
}

// Deleter is what deletes objects, for DeleteAfter.
type Deleter interface {
	// Delete deletes objects. It reports each that could not be deleted, and one that was not there
	// is no failure.
	Delete(ctx context.Context, p []Pointer, failed func(p Pointer, err error))
}

// Putter is what stores objects, for a Writer.
type Putter interface {
	Put(ctx context.Context, p Pointer, body string) error
}

// Errors of records whose content could not be loaded. Match them with errors.Is.
var (
	// ErrMissing says that the object is not there: it was deleted, or never written.
	ErrMissing = errors.New("the object is not there")

	// ErrBucket says that Buckets does not list the place that the pointer names. The object was not
	// asked for.
	ErrBucket = errors.New("not among offload.Buckets")

	// ErrTooLarge says that the object is larger than MaxSize.
	ErrTooLarge = errors.New("larger than offload.MaxSize")

	// ErrNoRoom says that the objects of the batch are larger than MaxTotal altogether. It is
	// weir.Unavailable, so that no policy gives up a record that was not run: or weir.Permanent, if
	// those of its record alone are.
	ErrNoRoom = errors.New("no room left of offload.MaxTotal")
)

// checked is implemented by what knows what is wrong with it.
type checked interface{ Err() error }
