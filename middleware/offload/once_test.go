package offload_test

import (
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// Before Load, the key is made of the pointer: a duplicate is not loaded, and is known even when its
// object has been deleted.
func TestOnceBefore(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]once.Key{"pointer": once.Payload(), "message": once.MessageID()} {
		b := bucketOf("1", "content", "2", "content")
		var s seen
		fn := weir.SQS(weir.Each(s.handle), once.Use(once.New("ship", mem.New()), key),
			offload.Load(b, buckets), offload.DeleteAfter(b, none(t)))
		weirtest.Run(t.Context(), fn, weirtest.SQS(large("a", "1"))).WantDone(t)
		assert.Equal(t, len(b.keys()), 1, name)
		weirtest.Run(t.Context(), fn, weirtest.SQS(large("a", "1"))).WantDone(t) // delivered twice
		assert.Equal(t, s.got, []string{"content"}, name)
		assert.Equal(t, b.gets, 1, name)
		// Sent twice, it is another message.
		weirtest.Run(t.Context(), fn, weirtest.SQS(large("b", "2"))).WantDone(t)
		assert.Equal(t, len(s.got), 2, name)
	}
}

// Behind Load, it is made of the content: what was uploaded twice is handled once, but each delivery
// needs its object.
func TestOnceBehind(t *testing.T) {
	t.Parallel()
	b := bucketOf("1", `{"id":"a"}`, "2", `{"id":"a"}`, "3", `{"id":"b"}`)
	var s seen
	fn := weir.SQS(weir.Each(s.handle), offload.Load(b, buckets), offload.DeleteAfter(b, none(t)),
		once.Use(once.New("ship", mem.New()), once.Pointer("/id")))
	weirtest.Run(t.Context(), fn, weirtest.SQS(large("a", "1"), large("b", "2"), large("c", "3"), `{"id":"b"}`)).WantDone(t)
	assert.Equal(t, s.got, []string{`{"id":"a"}`, `{"id":"b"}`})
	assert.Equal(t, b.gets, 3)
	assert.Equal(t, len(b.keys()), 0)
	weirtest.Run(t.Context(), fn, weirtest.SQS(`{"id":"a"}`, large("a", "1"))).Want(t, weirtest.Succeeded, weirtest.Failed)
}
