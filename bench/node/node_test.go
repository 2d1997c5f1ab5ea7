package node

import (
	"encoding/json"
	"testing"

	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/peers"
	"github.com/weir-go/weir/bench/sample"
	"github.com/weir-go/weir/internal/assert"
)

// What does other work does not compare.
func TestPeersFailTheSameRecords(t *testing.T) {
	t.Parallel()
	f := Folder(".")
	if _, err := f.Version(t.Context()); err != nil {
		t.Skip(err)
	}
	if !f.Installed() {
		t.Skip("npm ci was not run: make bench does it")
	}
	dir := t.TempDir()
	for _, source := range corpus.Sources() {
		p := corpus.Payload{Source: source, Size: 100}
		assert.NoError(t, p.Write(dir))
		event, n := p.Event()
		ctx, cancel := sample.Context(t.Context())
		defer cancel()
		response, err := peers.New("std", source).Invoke(ctx, event)
		assert.NoError(t, err)
		failed, failing, err := sample.Failures(response)
		assert.NoError(t, err)
		for _, peer := range Peers() {
			out, err := f.Peer(t.Context(), peer, dir, p.String(), "0").Output()
			assert.NoError(t, err)
			var s sample.Sample
			assert.NoError(t, json.Unmarshal(out, &s))
			assert.Equal(t, []any{s.Peer, s.Payload, s.Records, s.Bytes, s.Failed, s.Failing},
				[]any{peer, p.String(), n, len(event), failed, failing})
		}
	}
}

func TestPinned(t *testing.T) {
	t.Parallel()
	version, err := Folder(".").Powertools()
	assert.NoError(t, err)
	if version == "" || version[0] < '0' || version[0] > '9' {
		t.Errorf("Powertools %q is a range", version)
	}
}
