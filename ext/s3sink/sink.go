// Package s3sink stores dead letters in a bucket of Amazon S3, one object each, of any size. It is also
// where other sinks can put what is too large for them.
//
//	objects := s3sink.New(s3.NewFromConfig(cfg), "orders-dead")
//	lambda.Start(weir.SQS(weir.Each(ship), deadletter.To(objects, deadletter.MaxReceives(5))))
//
//	queue := sqssink.New(client, url, sqssink.Archive(objects))
//
// An object's key has the day of the record, its source and its identifier:
//
//	dead/2026/01/02/orders/6f1f1a4c-93d5-4b6e-8c5e-000000000001-<letterId>.json
//
// It follows from the record alone. So a record that is given up again, since an answer was lost, replaces
// its letter instead of doubling it. A redrive must therefore delete an object only when its record succeeded,
// and not when it was given up once more.
//
// On DynamoDB, whose sequence numbers are those of a shard that is not told, the letterId tells apart the records
// of two items that have one number.
//
// The client needs s3:PutObject, and s3:GetObject for Load.
package s3sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/weir-go/weir/ext/internal/sinkset"
	"github.com/weir-go/weir/middleware/deadletter"
)

// Client is what is called of an *s3.Client.
type Client interface {
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// Sink is a deadletter.Sink and a deadletter.Archive.
type Sink struct {
	client Client
	bucket string
	prefix string
	set    sinkset.Settings
}

// Option changes how a Sink stores.
type Option func(*Sink)

// Prefix is what keys begin with. The default is "dead/".
func Prefix(p string) Option { return func(s *Sink) { s.prefix = p } }

// New makes a sink of a bucket.
func New(client Client, bucket string, opts ...Option) *Sink {
	s := &Sink{client: client, bucket: bucket, prefix: "dead/", set: sinkset.New("s3sink", 0)}
	s.set.Client(client)
	if bucket == "" {
		s.set.Refuse("the name of the bucket is empty")
	}
	sinkset.Apply(&s.set, s, opts)
	if len(s.prefix) > 500 {
		s.set.Refuse("the prefix has %d bytes: it takes up to 500", len(s.prefix))
	}
	return s
}

// Err says what is wrong with the way the sink was made. Nothing is stored then.
func (s *Sink) Err() error {
	if s == nil {
		s = &Sink{}
	}
	return s.set.Err("s3sink")
}

// Send implements deadletter.Sink.
func (s *Sink) Send(ctx context.Context, l *deadletter.Letter) error {
	_, err := s.Store(ctx, l)
	return err
}

// Store implements deadletter.Archive. The location is s3://bucket/key.
func (s *Sink) Store(ctx context.Context, l *deadletter.Letter) (location string, err error) {
	if err := s.Err(); err != nil {
		return "", err
	}
	data, err := l.Encode()
	if err != nil {
		return "", err
	}
	key := s.Key(l)
	_, err = s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))), ContentType: aws.String("application/json"),
	})
	if err != nil {
		return "", fmt.Errorf("s3sink: s3://%s/%s: %w", s.bucket, key, err)
	}
	return "s3://" + s.bucket + "/" + key, nil
}

// Key is the key of a letter's object.
func (s *Sink) Key(l *deadletter.Letter) string {
	day := "undated"
	if y := l.Time.Year(); !l.Time.IsZero() && y >= 0 && y <= 9999 {
		day = l.Time.UTC().Format("2006/01/02")
	}
	source := l.Source
	if parts := strings.SplitN(source, ":", 6); len(parts) == 6 {
		source = parts[5] // of an ARN, the resource
	}
	id := l.RecordID
	if l.Part != "" {
		id += "-" + l.Part
	}
	return s.prefix + day + "/" + plain(source, "unknown") + "/" + plain(id, "unknown") + "-" + plain(l.ID, "") + ".json"
}

// plain keeps what is safe in a key. Source: "Naming Amazon S3 objects", Amazon S3 User Guide.
func plain(text, none string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case '0' <= r && r <= '9', 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '_', r == '.':
			return r
		}
		return '-'
	}, text[:min(len(text), 120)])
	if text = strings.TrimLeft(text, "."); text == "" {
		return none
	}
	return text
}

// Load gets the whole letter where a sink stored it here and sent one that points to it, by
// Letter.Elsewhere. Other buckets are refused. What could be stored is loaded, of any size, into memory.
func (s *Sink) Load(ctx context.Context, l *deadletter.Letter) (*deadletter.Letter, error) {
	if err := s.Err(); err != nil {
		return nil, err
	}
	if l == nil {
		return nil, errNoLetter
	}
	key, ok := strings.CutPrefix(l.Elsewhere, "s3://"+s.bucket+"/")
	if !ok || key == "" {
		return nil, fmt.Errorf("s3sink: %q is not in the bucket %s", l.Elsewhere, s.bucket)
	}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return nil, fmt.Errorf("s3sink: %s: %w", l.Elsewhere, err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(out.Body)
	if err != nil {
		return nil, fmt.Errorf("s3sink: %s: %w", l.Elsewhere, err)
	}
	letters, err := deadletter.Parse(data)
	if err == nil && len(letters) != 1 {
		err = fmt.Errorf("it has %d letters", len(letters))
	}
	if err != nil {
		return nil, fmt.Errorf("s3sink: %s: %w", l.Elsewhere, err)
	}
	return &letters[0], nil
}

var errNoLetter = errors.New("s3sink: the letter is nil")
