package offload_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

func writer(t *testing.T, b *bucket, opts ...offload.WriterOption) *offload.Writer {
	t.Helper()
	w, err := offload.NewWriter(b, "large", opts...)
	assert.NoError(t, err)
	return w
}

func str(s string) weir.MessageAttribute { return weir.MessageAttribute{DataType: "String", String: s} }

func TestOffload(t *testing.T) {
	t.Parallel()
	b := bucketOf()
	w := writer(t, b, offload.Prefix("in/"))
	attributes := map[string]weir.MessageAttribute{"kind": str("order"), "b": {DataType: "Binary", Binary: []byte{1, 2}}}
	extra := len("kind"+"String"+"order") + len("b"+"Binary") + 2

	// To the byte, as SQS counts.
	small := offload.Outgoing{Body: text(offload.DefaultThreshold - extra), Attributes: attributes}
	assert.Equal(t, small.Size(), offload.DefaultThreshold)
	out, err := w.Offload(t.Context(), small)
	assert.NoError(t, err)
	assert.Equal(t, out, small)
	assert.Equal(t, len(b.keys()), 0)

	big := offload.Outgoing{Body: small.Body + "x", Attributes: attributes}
	out, err = w.Offload(t.Context(), big)
	assert.NoError(t, err)
	p, err := offload.ParsePointer([]byte(out.Body))
	assert.NoError(t, err)
	assert.Equal(t, p.Bucket, "large")
	assert.Equal(t, regexp.MustCompile(`^in/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(p.Key), true, p.Key)
	assert.Equal(t, b.objects[p], big.Body)
	assert.Equal(t, out.Attributes["ExtendedPayloadSize"], weir.MessageAttribute{DataType: "Number", String: fmt.Sprint(len(big.Body))})
	assert.Equal(t, out.Attributes["kind"], attributes["kind"])
	assert.Equal(t, len(out.Attributes), 3)
	assert.Equal(t, len(attributes), 2, "the caller's own")

	again, err := w.Offload(t.Context(), big)
	assert.NoError(t, err)
	assert.Equal(t, again.Body != out.Body, true)
}

// What is written is read.
func TestWriterToLoad(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]offload.WriterOption{{offload.Always()}, {offload.Threshold(10)}, {offload.Always(), offload.LegacyAttribute()}} {
		for _, body := range []string{"", `{"n":1}` + text(10), "\x00\xff no text" + text(10)} {
			if len(opts) == 1 && body == "" {
				continue
			}
			b := bucketOf()
			out, err := writer(t, b, opts...).Offload(t.Context(), offload.Outgoing{Body: body})
			assert.NoError(t, err)
			_, legacy := out.Attributes["SQSLargePayloadSize"]
			assert.Equal(t, legacy, len(opts) == 2)
			var s seen
			fn := weir.SQS(weir.Each(s.handle), offload.Load(b, buckets))
			weirtest.Run(t.Context(), fn, weirtest.SQS(weirtest.Record{Value: out.Body, MessageAttributes: out.Attributes})).WantDone(t)
			assert.Equal(t, s.got, []string{body})
		}
	}
}

func TestOffloadFails(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	b := bucketOf()
	b.put = func(offload.Pointer) error { return down }
	_, err := writer(t, b).Offload(t.Context(), offload.Outgoing{Body: text(1 << 20)})
	assert.Error(t, err, "offload: s3://large/", "was not stored, so the message must not be sent: down")
	assert.Equal(t, errors.Is(err, down), true)

	w := writer(t, bucketOf())
	ten := map[string]weir.MessageAttribute{}
	for i := range 10 {
		ten[fmt.Sprint("a", i)] = str("x")
	}
	_, err = w.Offload(t.Context(), offload.Outgoing{Body: "small", Attributes: ten})
	assert.NoError(t, err)
	_, err = w.Offload(t.Context(), offload.Outgoing{Body: text(1 << 20), Attributes: ten})
	assert.Error(t, err, "the message has 10 attributes: of the 10 that SQS takes, a large message needs one")
	for _, name := range []string{"ExtendedPayloadSize", "SQSLargePayloadSize"} {
		_, err = w.Offload(t.Context(), offload.Outgoing{Body: "small", Attributes: map[string]weir.MessageAttribute{name: str("1")}})
		assert.Error(t, err, "the attribute "+name+" is for messages that have been put aside")
	}
	_, err = w.Offload(t.Context(), offload.Outgoing{Attributes: map[string]weir.MessageAttribute{"a": str(text(1 << 18))}})
	assert.Error(t, err, "the attributes alone have", "more than the threshold of 262144")

	for want, make := range map[string]func() (*offload.Writer, error){
		"no Putter":                   func() (*offload.Writer, error) { return offload.NewWriter(nil, "large") },
		"the bucket's name is empty":  func() (*offload.Writer, error) { return offload.NewWriter(b, "") },
		"option 0 is nil":             func() (*offload.Writer, error) { return offload.NewWriter(b, "large", nil) },
		"Threshold(0)":                func() (*offload.Writer, error) { return offload.NewWriter(b, "large", offload.Threshold(0)) },
		"it takes 1 to 1048576 bytes": func() (*offload.Writer, error) { return offload.NewWriter(b, "large", offload.Threshold(1<<20+1)) },
		`Prefix("a/../b")`:            func() (*offload.Writer, error) { return offload.NewWriter(b, "large", offload.Prefix("a/../b")) },
		"more than 1024 bytes":        func() (*offload.Writer, error) { return offload.NewWriter(b, "large", offload.Prefix(text(1000))) },
	} {
		_, err := make()
		assert.Error(t, err, "offload: NewWriter: ", want)
	}
}

func TestOffloadBatch(t *testing.T) {
	t.Parallel()
	sizes := func(t *testing.T, w *offload.Writer, sizes ...int) string {
		t.Helper()
		var batch []offload.Outgoing
		for _, n := range sizes {
			batch = append(batch, offload.Outgoing{Body: text(n)})
		}
		out, err := w.OffloadBatch(t.Context(), batch)
		if err != nil {
			return err.Error()
		}
		var got strings.Builder
		total := 0
		for i, o := range out {
			total += o.Size()
			if o.Body == batch[i].Body {
				got.WriteByte('-')
			} else {
				got.WriteByte('x')
			}
		}
		if total > 10_000 {
			t.Errorf("the batch has %d bytes", total)
		}
		return got.String()
	}
	w := writer(t, bucketOf(), offload.Threshold(10_000))
	assert.Equal(t, sizes(t, w), "")
	assert.Equal(t, sizes(t, w, 1, 2, 3), "---")
	assert.Equal(t, sizes(t, w, 5000, 5000), "--")
	assert.Equal(t, sizes(t, w, 5000, 5001), "-x")
	assert.Equal(t, sizes(t, w, 20_000, 10, 20_000), "x-x")
	assert.Equal(t, sizes(t, w, 3000, 9000, 4000), "-x-")
	assert.Equal(t, sizes(t, writer(t, bucketOf(), offload.Threshold(10_000), offload.Always()), 1, 0), "xx")
	assert.Contains(t, sizes(t, writer(t, bucketOf(), offload.Threshold(200)), 100, 100, 100), "send fewer messages at once")

	_, err := w.OffloadBatch(t.Context(), []offload.Outgoing{{}, {Attributes: map[string]weir.MessageAttribute{"ExtendedPayloadSize": str("1")}}})
	assert.Error(t, err, "message 1: offload: the attribute ExtendedPayloadSize")
}
