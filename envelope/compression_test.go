package envelope_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

func ExampleGzip() {
	ship := func(ctx context.Context, order string) error {
		fmt.Println(order)
		return nil
	}
	fn := weir.SQS(envelope.Base64(envelope.Gzip(weir.Each(ship), envelope.MaxBytes(1<<20))))
	out, _ := fn.Invoke(context.Background(), weirtest.SQS(
		weirtest.Record{ID: "m1", Value: to64(zip("hello"))},
		weirtest.Record{ID: "m2", Value: to64(zip(strings.Repeat("0", 1<<21)))}, // 2 MiB in 2 kB
	).JSON())
	fmt.Println(string(out))
	// Output:
	// hello
	// {"batchItemFailures":[{"itemIdentifier":"m2"}]}
}

func gunzip(opts ...envelope.CompressionOption) func(weir.Verb) weir.Verb {
	return func(v weir.Verb) weir.Verb { return envelope.Gzip(v, opts...) }
}

func TestGzip(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 100000)
	for want, payload := range map[string][]byte{
		"": zip(""), "a": zip("a"), "ab": zip("a", "", "b"), long: zip(long), "\x1f\x8b": zip("\x1f\x8b"),
	} {
		got, err := binary(t, gunzip(), payload)
		assert.NoError(t, err)
		assert.Equal(t, got, []string{want})
	}
	whole := zip("hello, this is a text", "and more")
	for n := range len(whole) {
		if n == len(zip("hello, this is a text")) {
			continue // a whole member
		}
		got, err := binary(t, gunzip(), whole[:n])
		if n > 2 {
			undecodable(t, got, err, "gzip: unexpected EOF")
		} else {
			undecodable(t, got, err, "gzip: ")
		}
	}
	for i := range whole { // each byte matters, but those of the header that nobody reads
		bad := bytes.Clone(whole)
		bad[i] ^= 0xff
		got, err := binary(t, gunzip(), bad)
		if err == nil {
			assert.Equal(t, got, []string{"hello, this is a textand more"})
		} else {
			undecodable(t, got, err, "gzip: ")
		}
	}
	for payload, why := range map[string]string{
		"": "the payload is empty", "plain": `not compressed: it begins with "plain"`, "\x1f": "not compressed", "\x1f\x8b": "unexpected EOF",
		string(whole) + "x": "unexpected EOF", string(whole) + "more than a header": "invalid header", string(whole) + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00": "invalid header",
	} {
		got, err := binary(t, gunzip(), []byte(payload))
		undecodable(t, got, err, "gzip: "+why)
	}
}

func TestMaxBytes(t *testing.T) {
	t.Parallel()
	for n := range int64(4) {
		got, err := binary(t, gunzip(envelope.MaxBytes(n+1)), zip("a", "bc"))
		if n >= 2 {
			assert.NoError(t, err)
			assert.Equal(t, got, []string{"abc"})
		} else {
			undecodable(t, got, err, "of MaxBytes")
		}
	}
	got, err := binary(t, gunzip(envelope.MaxBytes(math.MaxInt64)), zip("abc"))
	assert.NoError(t, err)
	assert.Equal(t, got, []string{"abc"})

	// The default, and that a bomb is not unpacked: 64 MB in 64 kB.
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 64 {
		_, _ = w.Write(zeros)
	}
	_ = w.Close()
	reads := 0
	counted := func(v weir.Verb) weir.Verb {
		return envelope.Decompress(v, envelope.Compression{Name: "test", Magic: []string{"\x1f\x8b"}, Open: func(r io.Reader) (io.ReadCloser, error) {
			z, err := gzip.NewReader(r)
			return counting{z, &reads}, err
		}})
	}
	got, err = binary(t, counted, bomb.Bytes())
	undecodable(t, got, err, "bytes hold more than the 16777216 of MaxBytes")
	assert.Equal(t, reads, 16<<20+1)
}

type counting struct {
	io.ReadCloser
	n *int
}

func (c counting) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	*c.n += n
	return n, err
}

func TestOrPlain(t *testing.T) {
	t.Parallel()
	for want, payload := range map[string]string{"{}": "{}", "": "", "a": string(zip("a"))} {
		got, err := binary(t, gunzip(envelope.OrPlain()), []byte(payload))
		assert.NoError(t, err)
		assert.Equal(t, got, []string{want})
	}
	got, err := binary(t, gunzip(envelope.OrPlain()), zip("aaaa")[:15])
	undecodable(t, got, err, "unexpected EOF")
}

func TestCompressionRefused(t *testing.T) {
	t.Parallel()
	v := weir.EachMessage(keep)
	open := func(io.Reader) (io.ReadCloser, error) { return nil, io.EOF }
	for want, bad := range map[string]weir.Verb{
		"MaxBytes(0)": envelope.Gzip(v, envelope.MaxBytes(0)), "gzip: MaxBytes(-5): it takes more than 0": envelope.Gzip(v, envelope.MaxBytes(-5)),
		"gzip: option 1 is nil": envelope.Gzip(v, envelope.MaxBytes(1), nil), "Decompress x: Open is nil": envelope.Decompress(v, envelope.Compression{Name: "x", Magic: []string{"m"}}),
		"Decompress y: Magic is empty":    envelope.Decompress(v, envelope.Compression{Name: "y", Magic: []string{"m", ""}, Open: open}),
		"CloudWatchLogs: MaxBytes(0)":     envelope.CloudWatchLogs(v, envelope.MaxBytes(0)),
		"CloudWatchLogs: option 0 is nil": envelope.CloudWatchLogs(v, nil),
		"no verb":                         envelope.SNS(nil),
	} {
		for _, l := range []*weir.Lambda{weir.Kinesis(bad), weir.Kinesis(envelope.KPL(bad))} {
			assert.Error(t, l.Err(), want)
		}
		// A verb that asks no verb inside does not lose its records.
		out := weir.NewRunner("r", unchecked{bad}).Run(t.Context(), []weir.Message{{ID: "1"}})
		assert.Equal(t, out.AllDone(), false)
	}
	assert.Error(t, weir.DynamoDB(envelope.SNS(v)).Err(), "does not apply to DynamoDB")

	bad := envelope.Compression{Name: "z", Magic: []string{"m"}, Open: open}
	got, err := binary(t, func(v weir.Verb) weir.Verb { return envelope.Decompress(v, bad) }, []byte("m"))
	undecodable(t, got, err, "z: unexpected EOF")
	bad.Open = func(r io.Reader) (io.ReadCloser, error) { return badClose{r}, nil }
	got, err = binary(t, func(v weir.Verb) weir.Verb { return envelope.Decompress(v, bad) }, []byte("m"))
	undecodable(t, got, err, "z: no close")
}

type unchecked struct{ v weir.Verb }

func (u unchecked) Process(ctx context.Context, w *weir.Work) error { return u.v.Process(ctx, w) }

type badClose struct{ io.Reader }

func (badClose) Close() error { return errors.New("no close") }

func FuzzGzip(f *testing.F) {
	f.Add(zip("hello"), int64(5))
	f.Add(zip("a", "b"), int64(1))
	f.Add([]byte("\x1f\x8b"), int64(1<<20))
	f.Fuzz(func(t *testing.T, payload []byte, most int64) {
		most = 1 + most&(1<<20-1)
		got, err := viaRunner(t, gunzip(envelope.MaxBytes(most)), string(payload))
		var want []byte
		r, wantErr := gzip.NewReader(bytes.NewReader(payload))
		if wantErr == nil {
			want, wantErr = io.ReadAll(io.LimitReader(r, most+1))
		}
		if whole := wantErr == nil && int64(len(want)) <= most; whole != (err == nil) {
			t.Fatalf("%q: %v, want %v", payload, err, wantErr)
		} else if whole && got[0] != string(want) {
			t.Fatalf("%q became %q", payload, got)
		}
	})
}
