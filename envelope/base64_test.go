package envelope_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

func ExampleBase64() {
	fn := weir.SQS(envelope.Base64(weir.Each(func(ctx context.Context, data []byte) error {
		fmt.Printf("% x\n", data)
		return nil
	})))
	_, _ = fn.Invoke(context.Background(), weirtest.SQS("+/8=", "-_8").JSON())
	// Output:
	// fb ff
	// fb ff
}

func TestBase64(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for n := range 70 {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			text := enc.EncodeToString(data)
			for _, text := range []string{text, text + "\n", "\r\n" + text, text[:len(text)/2] + "\r\n" + text[len(text)/2:]} {
				got, err := opened(t, envelope.Base64, text)
				assert.NoError(t, err)
				assert.Equal(t, got, []string{string(data)})
			}
		}
	}
	for _, bad := range []string{"a", "aaaaa", "!", "ab cd", " abcd", "+-aa", "ab==cd==", "abc==", "abcd=", "=", "{}", "é", "ab=", "-=", "_a="} {
		got, err := opened(t, envelope.Base64, bad)
		undecodable(t, got, err, "base64: illegal base64 data")
	}
}

func FuzzBase64(f *testing.F) {
	for _, s := range []string{"", "YQ==", "YQ", "-_8", "+/8=", "a\nb\rc=", "+-aa", "ab=c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := viaRunner(t, envelope.Base64, text)
		enc := base64.StdEncoding
		if strings.ContainsAny(text, "-_") {
			enc = base64.URLEncoding
		}
		if !strings.Contains(text, "=") {
			enc = enc.WithPadding(base64.NoPadding)
		}
		want, wantErr := enc.DecodeString(text)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, want %v", text, err, wantErr)
		}
		if err == nil && got[0] != string(want) {
			t.Fatalf("%q became %q, want %q", text, got, want)
		}
	})
}
