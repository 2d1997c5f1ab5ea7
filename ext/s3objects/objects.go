// Package s3objects has the objects of package offload in S3.
//
//	objects := s3objects.New(s3.NewFromConfig(cfg))
//	weir.SQS(weir.Each(ship), offload.Load(objects, offload.Buckets("orders-large")))
//
// For producers, ForSQS, ForSQSBatch and ForSNS put large bodies aside before a message is sent.
package s3objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/offload"
)

// Client is what is called of an *s3.Client.
type Client interface {
	GetObject(ctx context.Context, in *s3.GetObjectInput, opts ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(ctx context.Context, in *s3.PutObjectInput, opts ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput, opts ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error)
}

// Objects are the objects in S3. It is an offload.Objects, an offload.Deleter and an
// offload.Putter, safe for concurrent use.
type Objects struct {
	client Client
	owner  *string
	errs   []error
}

// Option is a setting of New.
type Option func(*Objects)

// Owner is the account, twelve digits, that must own the buckets: requests fail with AccessDenied if
// somebody else does, who may have made one anew after it was deleted.
func Owner(account string) Option {
	return func(o *Objects) {
		if len(account) != 12 || strings.Trim(account, "0123456789") != "" {
			o.errs = append(o.errs, fmt.Errorf("s3objects: Owner(%q): an account has 12 digits", account))
		}
		o.owner = &account
	}
}

// New returns the objects that a client has access to. How often a request is tried is the
// client's business. Bad settings are refused by what the Objects are given to.
func New(client Client, opts ...Option) *Objects {
	o := &Objects{client: client}
	if c, ok := client.(*s3.Client); client == nil || ok && c == nil {
		o.errs = append(o.errs, errors.New("s3objects: New: the client is nil"))
	}
	for i, f := range opts {
		if f == nil {
			o.errs = append(o.errs, fmt.Errorf("s3objects: New: option %d is nil", i))
			continue
		}
		f(o)
	}
	return o
}

// Err says what is wrong with the settings.
func (o *Objects) Err() error {
	switch {
	case o == nil:
		return errors.New("s3objects: the Objects are nil: make them by New")
	case o.client == nil && len(o.errs) == 0:
		return errors.New("s3objects: the Objects have no client: make them by New")
	}
	return errors.Join(o.errs...)
}

// Get begins to read an object. If it has a checksum, its end is an error unless that is right.
func (o *Objects) Get(ctx context.Context, p offload.Pointer) (offload.Object, error) {
	if err := o.Err(); err != nil {
		return offload.Object{}, err
	}
	in := &s3.GetObjectInput{Bucket: &p.Bucket, Key: &p.Key, ChecksumMode: types.ChecksumModeEnabled, ExpectedBucketOwner: o.owner}
	out, err := o.client.GetObject(ctx, in, quietly)
	if err != nil {
		return offload.Object{}, explain(ctx, err)
	}
	size := int64(-1)
	if out.ContentLength != nil && aws.ToString(out.ContentEncoding) == "" { // what the transport unzips has another
		size = *out.ContentLength
	}
	return offload.Object{Body: &body{out.Body, ctx}, Size: size}, nil
}

// quietly has nothing logged for each object without a checksum.
func quietly(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true }

// body is an object's body that says why its context ended.
type body struct {
	io.ReadCloser
	ctx context.Context
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = because(b.ctx, err)
	}
	return n, err
}

func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// explain says whose fault an error of S3 is, and what helps.
func explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return because(ctx, err)
	}
	code, status := "", 0
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	switch {
	case code == "NoSuchKey", code == "NotFound":
		return fmt.Errorf("%w: %w", offload.ErrMissing, err)
	case code == "InvalidObjectState":
		return fmt.Errorf("the object is in a storage class that cannot be read: restore it first: %w", err)
	case code == "AccessDenied", code == "Forbidden":
		return fmt.Errorf("S3 denies access, as it also does when the object is not there and the function must not list the bucket (s3:ListBucket): %w", err)
	case status >= 500, status == 429, code == "SlowDown", code == "" && status == 0:
		return weir.Unavailable(err)
	}
	return err
}

// Put stores an object.
func (o *Objects) Put(ctx context.Context, p offload.Pointer, content string) error {
	if err := o.Err(); err != nil {
		return err
	}
	_, err := o.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &p.Bucket, Key: &p.Key, Body: strings.NewReader(content), ContentLength: aws.Int64(int64(len(content))), ExpectedBucketOwner: o.owner})
	if err != nil {
		return because(ctx, err)
	}
	return nil
}

const deletedAtOnce = 1000 // by DeleteObjects, at most

// Delete deletes objects, a thousand a request.
func (o *Objects) Delete(ctx context.Context, all []offload.Pointer, failed func(offload.Pointer, error)) {
	if err := o.Err(); err != nil {
		for _, p := range all {
			failed(p, err)
		}
		return
	}
	keys := map[string][]string{}
	var buckets []string
	for _, p := range all {
		if !tellable(p.Key) {
			failed(p, errors.New("s3objects: the key has characters that XML cannot tell, so DeleteObjects would delete another: delete it by a lifecycle rule"))
			continue
		}
		if keys[p.Bucket] == nil {
			buckets = append(buckets, p.Bucket)
		}
		keys[p.Bucket] = append(keys[p.Bucket], p.Key)
	}
	for _, bucket := range buckets {
		for rest := keys[bucket]; len(rest) > 0; {
			n := min(len(rest), deletedAtOnce)
			o.deleteSome(ctx, bucket, rest[:n], failed)
			rest = rest[n:]
		}
	}
}

func (o *Objects) deleteSome(ctx context.Context, bucket string, keys []string, failed func(offload.Pointer, error)) {
	in := &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &types.Delete{Quiet: aws.Bool(true)}, ExpectedBucketOwner: o.owner}
	for _, key := range keys {
		in.Delete.Objects = append(in.Delete.Objects, types.ObjectIdentifier{Key: &key})
	}
	out, err := o.client.DeleteObjects(ctx, in)
	if err != nil {
		err = because(ctx, err)
		for _, key := range keys {
			failed(offload.Pointer{Bucket: bucket, Key: key}, err)
		}
		return
	}
	for _, e := range out.Errors {
		failed(offload.Pointer{Bucket: bucket, Key: aws.ToString(e.Key)},
			&smithy.GenericAPIError{Code: aws.ToString(e.Code), Message: aws.ToString(e.Message)})
	}
}

// tellable reports whether XML, which is what DeleteObjects is asked in, has all characters of a key. The SDK
// writes U+FFFD for others. Source: "Char", Extensible Markup Language (XML) 1.0.
func tellable(key string) bool {
	for _, r := range key {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return utf8.ValidString(key)
}
