package offload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

// bucket is an S3 in memory that does what it is told to.
type bucket struct {
	mu      sync.Mutex
	objects map[offload.Pointer]string
	gets    int
	open    int                                     // bodies that are not closed
	get     func(p offload.Pointer) error           // in place of an object, if it returns an error
	body    func(content string) (io.Reader, int64) // in place of the plain one
	failed  func(p offload.Pointer) error           // of a deletion
	put     func(p offload.Pointer) error           // after the object is there
	deletes [][]offload.Pointer                     // as they were asked for
}

func bucketOf(objects ...string) *bucket { // key, content, ...
	b := &bucket{objects: map[offload.Pointer]string{}}
	for i := 0; i < len(objects); i += 2 {
		b.objects[at(objects[i])] = objects[i+1]
	}
	return b
}

func at(key string) offload.Pointer { return offload.Pointer{Bucket: "large", Key: key} }

func (b *bucket) Get(ctx context.Context, p offload.Pointer) (offload.Object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gets++
	if b.get != nil {
		if err := b.get(p); err != nil {
			return offload.Object{}, err
		}
	}
	content, ok := b.objects[p]
	if !ok {
		return offload.Object{}, fmt.Errorf("%w: NoSuchKey", offload.ErrMissing)
	}
	b.open++
	var r io.Reader = bytes.NewReader([]byte(content))
	size := int64(len(content))
	if b.body != nil {
		r, size = b.body(content)
	}
	return offload.Object{Body: &body{Reader: r, b: b}, Size: size}, nil
}

func (b *bucket) Put(_ context.Context, p offload.Pointer, content string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[p] = content
	if b.put != nil {
		return b.put(p)
	}
	return nil
}

func (b *bucket) Delete(_ context.Context, all []offload.Pointer, failed func(offload.Pointer, error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deletes = append(b.deletes, all)
	for _, p := range all {
		if b.failed != nil {
			if err := b.failed(p); err != nil {
				failed(p, err)
				continue
			}
		}
		delete(b.objects, p)
	}
}

func (b *bucket) keys() map[string]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	keys := map[string]bool{}
	for p := range b.objects {
		keys[p.Key] = true
	}
	return keys
}

type body struct {
	io.Reader
	b      *bucket
	closed bool
}

func (o *body) Read(p []byte) (int, error) {
	o.b.mu.Lock()
	defer o.b.mu.Unlock()
	if o.closed {
		return 0, errors.New("read after Close")
	}
	return o.Reader.Read(p)
}

func (o *body) Close() error {
	o.b.mu.Lock()
	defer o.b.mu.Unlock()
	if !o.closed {
		o.closed = true
		o.b.open--
	}
	return nil
}

// marked is a message with the attribute of large ones.
func marked(id, body string) weirtest.Record {
	return weirtest.Record{ID: id, Value: body, MessageAttributes: map[string]weir.MessageAttribute{
		"ExtendedPayloadSize": {DataType: "Number", String: "300000"},
	}}
}

// large is a message whose payload is under a key.
func large(id, key string) weirtest.Record { return marked(id, at(key).Body()) }

var buckets = offload.Buckets("large")

// seen collects what a handler was given.
type seen struct {
	mu  sync.Mutex
	got []string
}

func (s *seen) handle(_ context.Context, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, text)
	return nil
}
