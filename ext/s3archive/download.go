package s3archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

const (
	maxBreaks = 5 // in a row
	baseWait  = 100 * time.Millisecond
)

// download reads one object, and goes on when the connection breaks.
type download struct {
	ctx         context.Context // of the caller who reads
	client      Client
	bucket, key string

	body   io.ReadCloser
	etag   *string
	offset int64
	total  int64 // bytes of the object; -1 is not known
	breaks int   // since the last byte
	err    error
}

// open asks for the object from the offset on. It has to be the one whose beginning was read.
func (d *download) open() error {
	in := &s3.GetObjectInput{Bucket: &d.bucket, Key: &d.key, IfMatch: d.etag}
	if d.offset > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", d.offset))
	}
	out, err := d.client.GetObject(d.ctx, in)
	var api smithy.APIError
	switch {
	case errors.As(err, &api) && api.ErrorCode() == "PreconditionFailed":
		return fmt.Errorf("the object has changed while it was read: read it again from the beginning: %w", err)
	case errors.As(err, &api) && api.ErrorCode() == "InvalidObjectState":
		return fmt.Errorf("the object is in a storage class that cannot be read: restore it first: %w", err)
	case err != nil:
		return err
	}
	if d.offset > 0 {
		if got := aws.ToString(out.ContentRange); !strings.HasPrefix(got, fmt.Sprintf("bytes %d-", d.offset)) {
			_ = out.Body.Close()
			return fmt.Errorf("the download broke off at byte %d, and asked for the rest, S3 sent the range %q", d.offset, got)
		}
	} else if out.ContentLength != nil {
		d.total = *out.ContentLength
	}
	if d.etag == nil {
		d.etag = out.ETag
	}
	d.body = out.Body
	return nil
}

// Read reads on, over breaks.
func (d *download) Read(b []byte) (int, error) {
	for d.err == nil {
		n, err := d.body.Read(b)
		d.offset += int64(n)
		if n > 0 {
			d.breaks = 0
		}
		if err != nil {
			d.err = d.broken(err)
		}
		if n > 0 {
			return n, nil // the error, if any, is for the next time
		}
	}
	return 0, d.err
}

// broken says what comes of an error: none if the download goes on.
func (d *download) broken(err error) error {
	if err == io.EOF && (d.total < 0 || d.offset == d.total) {
		return io.EOF
	}
	if d.total >= 0 && d.offset >= d.total {
		return err // behind the last byte: the SDK finds the checksum wrong
	}
	if d.ctx.Err() != nil {
		return context.Cause(d.ctx)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if d.breaks == maxBreaks {
		return fmt.Errorf("the download broke off at byte %d of %d, %d times in a row: %w", d.offset, d.total, maxBreaks+1, err)
	}
	if d.breaks > 0 {
		pause := time.NewTimer(rand.N(baseWait << d.breaks))
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-d.ctx.Done():
			return context.Cause(d.ctx)
		}
	}
	d.breaks++
	_ = d.Close()
	return d.open()
}

// Close ends the download.
func (d *download) Close() error {
	if d.body == nil {
		return nil
	}
	err := d.body.Close()
	d.body = nil
	return err
}
