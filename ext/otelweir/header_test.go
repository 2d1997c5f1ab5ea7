package otelweir

import (
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/assert"
)

func TestXRay(t *testing.T) {
	t.Parallel()
	const root = "Root=1-5759e988-bd862e3fe1be46a994272793"
	for header, want := range map[string]string{
		root + ";Parent=53995c3f42cd8ad8;Sampled=1":                        "53995c3f42cd8ad8 sampled",
		"Self=1-x-y;" + root + "; Parent=53995c3f42cd8ad8 ; Sampled=0":     "53995c3f42cd8ad8",
		root + ";Parent=53995c3f42cd8ad8;Sampled=?;Lineage=a87bd80c:0|1:2": "53995c3f42cd8ad8",
		root + ";Parent=53995c3f42cd8ad8":                                  "53995c3f42cd8ad8",
		root:                                                               "0000000000000000",
		root + ";;what":                                                    "0000000000000000",
		"":                                                                 "malformed",
		"Parent=53995c3f42cd8ad8":                                          "malformed",
		root + ";Parent=53995c3f42cd8ad":                                   "malformed",
		root + ";Parent=0000000000000000":                                  "malformed",
		"Root=2-5759e988-bd862e3fe1be46a994272793":                         "malformed",
		"Root=1-5759E988-bd862e3fe1be46a994272793":                         "malformed",
		"Root=1-5759e98-8bd862e3fe1be46a994272793":                         "malformed",
		"Root=1-00000000-000000000000000000000000":                         "malformed",
		"Root=15759e988bd862e3fe1be46a994272793":                           "malformed",
		root + ";" + strings.Repeat("x", maxHeader):                        "malformed",
	} {
		sc, ok := parseXRay(header)
		got := "malformed"
		if ok {
			assert.Equal(t, sc.TraceID().String(), "5759e988bd862e3fe1be46a994272793")
			assert.Equal(t, sc.IsRemote(), true)
			if got = sc.SpanID().String(); sc.IsSampled() {
				got += " sampled"
			}
		}
		assert.Equal(t, got, want, header)
	}
}

func TestW3C(t *testing.T) {
	t.Parallel()
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	sc, ok := parseW3C(parent, "a=b,c=d")
	assert.Equal(t, ok, true)
	assert.Equal(t, sc.TraceState().String(), "a=b,c=d")
	for _, state := range []string{"=", strings.Repeat("a", maxHeader+1)} { // does not spoil the parent
		sc, ok = parseW3C(parent, state)
		assert.Equal(t, ok, true)
		assert.Equal(t, sc.TraceState().Len(), 0)
	}
	for _, bad := range []string{"00", strings.ToUpper(parent), "ff" + parent[2:], parent + "-x", strings.Repeat("0", maxHeader+1)} {
		_, ok = parseW3C(bad, "")
		assert.Equal(t, ok, false)
	}
}

// Whatever a header is, it is a span context or nothing, and what is well formed comes out again.
func FuzzHeaders(f *testing.F) {
	f.Add("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:0", "a=b")
	f.Add("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")
	f.Add("Root=;Parent=;Sampled=", "")
	f.Add(`{"TopicArn":"t","MessageAttributes":{"traceparent":{"Value":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}}`, "")
	f.Fuzz(func(t *testing.T, header, state string) {
		if sc, ok := parseXRay(header); ok {
			id, span := sc.TraceID().String(), sc.SpanID().String()
			if !strings.Contains(header, id[:8]+"-"+id[8:]) || sc.IsValid() && !strings.Contains(header, span) {
				t.Fatalf("%s-%s of %q", id, span, header)
			}
		}
		if sc, ok := parseW3C(header, state); ok && (!strings.Contains(header, sc.TraceID().String()) || !strings.Contains(header, sc.SpanID().String())) {
			t.Fatalf("%v of %q", sc, header)
		}
		if parent, _, ok := notification([]byte(header)); ok && len(parent) > len(header) {
			t.Fatalf("%q of %q", parent, header)
		}
	})
}
