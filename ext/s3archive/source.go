// Package s3archive reads the archives under an S3 prefix, such as what Amazon Data Firehose
// delivers, for package archive.
//
//	client := s3.NewFromConfig(cfg)
//	source := s3archive.Source(client, "backup", "orders/2026/11/")
//	for line, err := range source.Lines(ctx) { ... }
//
// The client needs the permissions s3:ListBucket on the bucket and s3:GetObject on the objects.
package s3archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/weir-go/weir/archive"
)

// Client is what is called of an *s3.Client.
type Client interface {
	ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, opts ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	GetObject(ctx context.Context, in *s3.GetObjectInput, opts ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// Source returns the archives of a bucket whose keys begin with a prefix, in the order of their
// keys. An archive's name is s3://bucket/key.
//
// A download that breaks off goes on where it was, up to 5 times without a byte in between.
func Source(client Client, bucket, prefix string, opts ...archive.Option) *archive.Source {
	if client == nil {
		return archive.New(nil, opts...)
	}
	return archive.New(&objects{client, bucket, prefix}, opts...)
}

type objects struct {
	client         Client
	bucket, prefix string
}

func (o *objects) base() string { return "s3://" + o.bucket + "/" }

// List lists the objects. Those whose keys end in a slash and that are empty only stand for
// folders in the console of S3.
func (o *objects) List(ctx context.Context) ([]archive.Entry, error) {
	if o.bucket == "" {
		return nil, errors.New("the bucket's name is empty")
	}
	var all []archive.Entry
	in := &s3.ListObjectsV2Input{Bucket: &o.bucket, Prefix: &o.prefix}
	for {
		out, err := o.client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("%s%s: %w", o.base(), o.prefix, err)
		}
		for _, obj := range out.Contents {
			key, size := aws.ToString(obj.Key), aws.ToInt64(obj.Size)
			if size > 0 || !strings.HasSuffix(key, "/") {
				all = append(all, archive.Entry{Name: o.base() + key, Size: size})
			}
		}
		if !aws.ToBool(out.IsTruncated) {
			return all, nil
		}
		if aws.ToString(out.NextContinuationToken) == "" {
			return nil, fmt.Errorf("%s%s: the list is truncated after %d keys, and does not say how it goes on", o.base(), o.prefix, len(all))
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// Open begins a download.
func (o *objects) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	key, ok := strings.CutPrefix(name, o.base())
	if !ok {
		return nil, fmt.Errorf("%s is not in the bucket %s", name, o.bucket)
	}
	d := &download{ctx: ctx, client: o.client, bucket: o.bucket, key: key, total: -1}
	if err := d.open(); err != nil {
		return nil, err
	}
	return d, nil
}
