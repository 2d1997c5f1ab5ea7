package once_test

import (
	"context"
	"errors"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// TestNoKeySays: where a key was looked for, and what to do.
func TestNoKeySays(t *testing.T) {
	t.Parallel()
	const large = `{"s3BucketName":"b","s3Key":"k"}]`
	whole := func(v any) (any, error) { return v, nil }
	for _, c := range []struct {
		key     once.Key
		payload string
		want    []string
	}{
		{once.Pointer("/order/id"), `{}`, []string{`Pointer("/order/id") found nothing`, "correct the producer, or say RunWithoutKey"}},
		{once.Pointer("/k"), `{"k":{"tenant":"t","id":null}}`, []string{`Pointer("/k") found a list or an object with a part that is null`, "say once.Partial"}},
		{once.Pointer("/k"), `{"k":[null]}`, []string{`Pointer("/k") found nothing`}},
		{once.Pointer("/id"), `["software.amazon.payloadoffloading.PayloadS3Pointer",` + large, []string{"the pointer of a large message", "put offload.Load before once", "once.Payload()"}},
		{once.Pointer("/id"), " [ \"com.amazon.sqs.javamessaging.MessageS3Pointer\"," + large, []string{"the pointer of a large message"}},
		{once.JSONKey("find(it)", whole), `["t",null]`, []string{`find(it) found a list`, "once.Partial"}},
		{once.KeyFunc(func(*weir.Message) (string, error) { return "", nil }), `{}`, []string{"KeyFunc found none"}},
		{once.Payload(), ``, []string{"Payload() found none"}},
	} {
		_, errs := names(t, sqs, c.key, weirtest.SQS(c.payload))
		assert.Equal(t, errors.Is(errs[0], once.ErrNoKey), true)
		assert.Error(t, errs[0], c.want...)
	}
	err := once.Do(once.New("f", mem.New()), order.key, func(context.Context, order) error { return nil })(t.Context(), order{})
	assert.Error(t, err, `Do's key function returned ""`)
}

// TestPartial: a part that is missing makes no key by default, so that records that lack an identifier
// never share one.
func TestPartial(t *testing.T) {
	t.Parallel()
	payloads := weirtest.SQS(`{"k":{"tenant":"t","id":null}}`, `{"k":{"tenant":"t","id":null}}`)
	rows, errs := names(t, sqs, once.Pointer("/k"), payloads)
	assert.Equal(t, len(rows), 0)
	for _, err := range errs {
		assert.Equal(t, errors.Is(err, once.ErrNoKey), true)
	}
	rows, errs = names(t, sqs, once.Pointer("/k", once.Partial()), payloads)
	assert.Equal(t, rows, []string{`k{"id":null,"tenant":"t"}`})
	assert.Equal(t, errs, []error{nil, nil})
	for want, k := range map[string]once.Key{
		`once: Pointer("/k"): option 0 is nil`:    once.Pointer("/k", nil),
		`once: f(): option 1 is nil`:              once.JSONKey("f()", func(v any) (any, error) { return v, nil }, once.Partial(), nil),
		"JSONKey: it takes a name and a function": once.JSONKey("f()", nil),
	} {
		assert.Error(t, weir.SQS(weir.Each(func(context.Context, order) error { return nil }), once.Use(once.New("f", mem.New()), k)).Err(), want)
	}
}

// TestValidatePartial: content with a part that is missing is compared as a whole.
func TestValidatePartial(t *testing.T) {
	t.Parallel()
	l := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }),
		once.Use(once.New("f", mem.New(), once.Validate(once.Pointer("/order"))), once.Pointer("/id")))
	r := invoke(t, l, weirtest.SQS(`{"id":1,"order":{"n":1,"note":null}}`, `{"id":1,"order":{"n":1,"note":null}}`, `{"id":1,"order":{"n":2,"note":null}}`))
	assert.Equal(t, states(r), []weirtest.State{ok, ok, failed})
	assert.Error(t, r.Records[2].Err, `with other content (key by Pointer("/id"), content by Pointer("/order"))`)
}

// TestNotUnicode: texts that decoders cannot tell apart make no key.
func TestNotUnicode(t *testing.T) {
	t.Parallel()
	id := once.JSONKey("id", func(v any) (any, error) { return v.(map[string]any)["id"], nil })
	for _, k := range []once.Key{once.Pointer("/id"), id} {
		rows, errs := names(t, kinesis, k, weirtest.Kinesis(
			`{"id":"\ud800"}`, `{"id":"\udbff"}`, `{"id":"\udc00"}`, `{"id":"\ud800\ud800"}`, `{"id":"\uD800x"}`, `{"id":"\ud800\u0041"}`,
			`{"id":["a","\udfff"]}`, "{\"id\":\"\xff\"}", "{\"id\":\"\xfe\"}"))
		assert.Equal(t, len(rows), 0)
		for _, err := range errs {
			if !errors.Is(err, weir.ErrUndecodable) {
				t.Error(err)
			}
		}
		rows, _ = names(t, kinesis, k, weirtest.Kinesis(`{"id":"\ud83d\ude00"}`, `{"id":"\\ud800"}`, `{"id":"\ufffd"}`, `{"id":"a","other":"\ud800"}`))
		assert.Equal(t, rows, []string{`k"😀"`, `k"\\ud800"`, "k\"\ufffd\"", `k"a"`})
	}
}
