package zstdenvelope_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/klauspost/compress/zstd"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/ext/zstdenvelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

// pack compresses each text as a frame.
func pack(frames ...string) []byte {
	var b bytes.Buffer
	for _, f := range frames {
		w, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
		if err != nil {
			panic(err)
		}
		_, _ = w.Write([]byte(f))
		_ = w.Close()
	}
	return b.Bytes()
}

func ExampleZstd() {
	ship := func(ctx context.Context, order string) error {
		fmt.Println(order)
		return nil
	}
	fn := weir.SQS(envelope.Base64(zstdenvelope.Zstd(weir.Each(ship))))
	_, _ = fn.Invoke(context.Background(), weirtest.SQS(base64.StdEncoding.EncodeToString(pack("hello"))).JSON())
	// Output: hello
}

func run(t testing.TB, payload []byte, opts ...envelope.CompressionOption) (got []string, err error) {
	t.Helper()
	v := zstdenvelope.Zstd(weir.Each(func(_ context.Context, s string) error {
		got = append(got, s)
		return nil
	}), opts...)
	out := weir.NewRunner("test", v).Run(t.Context(), []weir.Message{{ID: "1", Payload: payload}})
	_, err = out.Of(0)
	return got, err
}

func TestZstd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // no goroutine is left behind
		long := strings.Repeat("0123456789", 100000)
		for want, payload := range map[string][]byte{"a": pack("a"), "ab": pack("a", "b"), long: pack(long), "s": append([]byte("\x5a\x2a\x4d\x18\x03\x00\x00\x00abc"), pack("s")...)} {
			got, err := run(t, payload)
			assert.NoError(t, err)
			assert.Equal(t, got, []string{want})
		}
		whole := pack("hello, this is a text")
		for n := range len(whole) {
			got, err := run(t, whole[:n])
			assert.Error(t, err, "undecodable: zstd: ")
			assert.Equal(t, len(got), 0)
		}
		for _, bad := range []string{"plain", string(whole) + "x", string(whole) + "more than a header", "\x1f\x8b"} {
			got, err := run(t, []byte(bad))
			assert.Error(t, err, "undecodable: zstd: ")
			assert.Equal(t, len(got), 0)
		}
		got, err := run(t, []byte("plain"), envelope.OrPlain())
		assert.NoError(t, err)
		assert.Equal(t, got, []string{"plain"})
	})
}

func TestBombs(t *testing.T) {
	t.Parallel()
	bomb := pack(strings.Repeat("0", 64<<20))
	_, err := run(t, bomb)
	assert.Error(t, err, "hold more than the 16777216 of MaxBytes")
	_, err = run(t, pack("abcd"), envelope.MaxBytes(3))
	assert.Error(t, err, "hold more than the 3 of MaxBytes")
	got, err := run(t, pack("abc"), envelope.MaxBytes(3))
	assert.NoError(t, err)
	assert.Equal(t, got, []string{"abc"})
	// A header that asks for a window of 1 GB gets none.
	_, err = run(t, []byte("\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00"))
	assert.Error(t, err, "undecodable: zstd: ", "window")
}

func FuzzZstd(f *testing.F) {
	f.Add(pack("hello"), int64(5))
	f.Add(pack("a", "b"), int64(1))
	f.Add([]byte("\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00"), int64(9))
	f.Fuzz(func(t *testing.T, payload []byte, most int64) {
		most = 1 + most&(1<<20-1)
		got, err := run(t, payload, envelope.MaxBytes(most))
		if err == nil && int64(len(got[0])) > most {
			t.Fatalf("%d bytes, more than %d", len(got[0]), most)
		}
	})
}

func BenchmarkZstd(b *testing.B) {
	var msgs []weir.Message
	for i := range 10 {
		msgs = append(msgs, weir.Message{ID: fmt.Sprint(i), Payload: pack(fmt.Sprintf(`{"id":%d,"text":"%s"}`, i, strings.Repeat("hello ", 1000)))})
	}
	r := weir.NewRunner("bench", zstdenvelope.Zstd(weir.EachMessage(func(context.Context, *weir.Message) error { return nil })))
	b.ReportAllocs()
	for b.Loop() {
		if !r.Run(b.Context(), msgs).AllDone() {
			b.Fatal("not done")
		}
	}
}
