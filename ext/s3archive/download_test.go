package s3archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/weir-go/weir/ext/s3archive"
	"github.com/weir-go/weir/internal/assert"
)

// scripted answers GetObject with what get returns for the call, from 0.
type scripted struct {
	calls int
	get   func(call int, in *s3.GetObjectInput) (*s3.GetObjectOutput, error)
	list  *s3.ListObjectsV2Output
	open  int
}

func (s *scripted) ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	if s.list != nil {
		return s.list, nil
	}
	return &s3.ListObjectsV2Output{Contents: []types.Object{{Key: aws.String("part"), Size: aws.Int64(8)}}}, nil
}

func (s *scripted) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	s.calls++
	out, err := s.get(s.calls-1, in)
	if err == nil {
		s.open++
		out.Body = &body{out.Body, s}
	}
	return out, err
}

type body struct {
	io.Reader
	s *scripted
}

func (b *body) Close() error {
	b.s.open--
	return nil
}

var errReset = errors.New("connection reset")

// answer has text, and breaks behind it.
func answer(text, from string, err error) *s3.GetObjectOutput {
	out := &s3.GetObjectOutput{ETag: aws.String("tag"), ContentLength: aws.Int64(8)}
	if from != "" {
		out.ContentRange = aws.String("bytes " + from)
	}
	out.Body = io.NopCloser(io.MultiReader(bytes.NewReader([]byte(text)), iotest.ErrReader(err)))
	return out
}

func TestDownload(t *testing.T) {
	t.Parallel()
	refused := func(code string) error { return &smithy.GenericAPIError{Code: code, Message: "no"} }
	for _, tc := range []struct {
		name  string
		get   func(call int, in *s3.GetObjectInput) (*s3.GetObjectOutput, error)
		lines int
		calls int
		err   string // "" is none
		waits time.Duration
	}{
		{name: "whole", get: func(int, *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
			return answer("{}\n{}\n{}", "", io.EOF), nil
		}, lines: 3, calls: 1},
		{name: "of a length not known", get: func(int, *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
			out := answer("{}\n{}\n{}", "", io.EOF)
			out.ContentLength = nil
			return out, nil
		}, lines: 3, calls: 1},
		{name: "less than it should be", get: func(call int, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
			if call == 0 {
				return answer("{}\n{", "", io.EOF), nil
			}
			return answer("}\n{}", "4-7/8", io.EOF), nil
		}, lines: 3, calls: 2},
		{name: "broken at once, then anew", get: func(call int, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
			if call == 0 {
				return answer("", "", errReset), nil
			}
			if in.Range != nil || aws.ToString(in.IfMatch) != "tag" {
				return nil, fmt.Errorf("range %v of %v", in.Range, in.IfMatch)
			}
			return answer("{}\n{}\n{}", "", io.EOF), nil
		}, lines: 3, calls: 2},
		{name: "a byte each time", get: func(call int, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
			from := ""
			if call > 0 {
				from = fmt.Sprintf("%d-7/8", call)
				if aws.ToString(in.Range) != fmt.Sprintf("bytes=%d-", call) {
					return nil, fmt.Errorf("range %v", in.Range)
				}
			}
			return answer("{}\n{}\n{}"[call:call+1], from, errReset), nil
		}, lines: 2, calls: 8, err: "archive: s3://backup/part: line 3: connection reset"},
		{name: "down", get: func(call int, _ *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
			if call == 0 {
				return answer("{}\n", "", errReset), nil
			}
			return answer("", "3-7/8", errReset), nil
		}, lines: 1, calls: 6, err: "line 2: the download broke off at byte 3 of 8, 6 times in a row: connection reset", waits: 3 * time.Second},
		{name: "never more", get: func(call int, _ *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
			if call == 0 {
				return answer("{}\n", "", io.EOF), nil
			}
			return nil, refused("SlowDown")
		}, lines: 1, calls: 2, err: "line 2: api error SlowDown: no"},
		{name: "changed", get: func(call int, _ *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
			if call == 0 {
				return answer("{}\n", "", errReset), nil
			}
			return nil, refused("PreconditionFailed")
		}, lines: 1, calls: 2, err: "the object has changed while it was read: read it again from the beginning"},
		{name: "in Glacier", get: func(int, *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
			return nil, refused("InvalidObjectState")
		}, calls: 1, err: "archive: s3://backup/part: the object is in a storage class that cannot be read: restore it first"},
		{name: "another range", get: func(call int, _ *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
			if call == 0 {
				return answer("{}\n", "", errReset), nil
			}
			return answer("{}\n{}\n{}", "", io.EOF), nil
		}, lines: 1, calls: 2, err: `the download broke off at byte 3, and asked for the rest, S3 sent the range ""`},
		{name: "checksum", get: func(int, *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
			return answer("{}\n{}\n{}", "", errors.New("checksum did not match")), nil
		}, lines: 2, calls: 1, err: "line 3: checksum did not match"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				client := &scripted{get: tc.get}
				lines := 0
				var failed error
				for _, err := range s3archive.Source(client, "backup", "").Lines(t.Context()) {
					if failed = err; err == nil {
						lines++
					}
				}
				if tc.err == "" {
					assert.NoError(t, failed)
				} else {
					assert.Error(t, failed, tc.err)
				}
				assert.Equal(t, lines, tc.lines)
				assert.Equal(t, client.calls, tc.calls)
				assert.Equal(t, client.open, 0, "bodies left open")
				if waited := time.Since(begin); waited > tc.waits || waited == 0 && tc.waits > 0 {
					t.Fatalf("waited %v", waited)
				}
			})
		})
	}
}

// Whoever ends the context need not wait for the network to come back.
func TestDownloadEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		client := &scripted{}
		client.get = func(call int, _ *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
			if call == 2 {
				time.AfterFunc(time.Nanosecond, func() { cancel(why) })
			}
			return answer("", "", errReset), nil
		}
		err := s3archive.Source(client, "backup", "").Check(ctx)
		assert.Equal(t, errors.Is(err, why), true)
		assert.Equal(t, client.calls, 3)
		assert.Equal(t, client.open, 0)
	})
}

func TestListThatDoesNotGoOn(t *testing.T) {
	t.Parallel()
	client := &scripted{list: &s3.ListObjectsV2Output{IsTruncated: aws.Bool(true)}}
	_, err := s3archive.Source(client, "backup", "x/").Size(t.Context())
	assert.Error(t, err, "archive: list: s3://backup/x/: the list is truncated after 0 keys, and does not say how it goes on")
}
