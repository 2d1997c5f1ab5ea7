package corpus

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/weir-go/weir/internal/assert"
)

// Figures compare only while everybody measures the same bytes.
func TestSameBytesEverywhere(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"sqs-100":      "45e56ae68b9f457d",
		"kinesis-100":  "aaee027a921f051a",
		"dynamodb-100": "ba5bcce711bbffa8",
		"sqs-6mb":      "1765ae8b6a719f26",
		"kinesis-6mb":  "4a46bebd8ae61722",
		"dynamodb-6mb": "567ac7c3642673cd",
	} {
		p, err := Parse(name)
		assert.NoError(t, err)
		event, _ := p.Event()
		sum := sha256.Sum256(event)
		if got := hex.EncodeToString(sum[:8]); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	for _, p := range Payloads() {
		event, n := p.Event()
		var e struct{ Records []json.RawMessage }
		assert.NoError(t, json.Unmarshal(event, &e))
		assert.Equal(t, len(e.Records), n, p.String())
		assert.Equal(t, p.Records(event), n, p.String())
		switch {
		case p.Size != Full:
			assert.Equal(t, n, p.Size, p.String())
		case len(event) > limit || len(event)+len(event)/n < limit:
			t.Errorf("%s has %d bytes, which does not fill %d", p, len(event), limit)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, p := range Payloads() {
		got, err := Parse(p.String())
		assert.NoError(t, err)
		assert.Equal(t, got, p)
	}
	_, err := Parse("sqs-7")
	assert.Error(t, err, "no payload", "sqs-1000")
}
