package peers

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/model"
	"github.com/weir-go/weir/bench/sample"
	"github.com/weir-go/weir/bench/std"
	"github.com/weir-go/weir/internal/assert"
)

func failed(t *testing.T, peer string, p corpus.Payload, event []byte) []string {
	t.Helper()
	ctx, cancel := sample.Context(t.Context())
	defer cancel()
	response, err := New(peer, p.Source).Invoke(ctx, slices.Clone(event))
	assert.NoError(t, err)
	ids, err := sample.FailedIDs(response)
	assert.NoError(t, err)
	return ids
}

// What does other work does not compare.
func TestEveryPeerFailsTheSameRecords(t *testing.T) {
	t.Parallel()
	for _, p := range corpus.Payloads() {
		if p.Size == corpus.Full {
			continue
		}
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			event, n := p.Event()
			want := failed(t, "std", p, event)
			assert.Equal(t, len(want), (n+42)/100, "one in a hundred fails")
			for _, peer := range All() {
				if peer.For[p.Source] != nil {
					assert.Equal(t, failed(t, peer.Name, p, event), want, peer.Name)
				}
			}
		})
	}
}

// The handlers of weir and of std see the same values.
func TestRows(t *testing.T) {
	t.Parallel()
	event, _ := corpus.Payload{Source: corpus.DynamoDB, Size: 100}.Event()
	var got, gotNew, want []model.Row
	_, err := weir.DynamoDB(weir.Each(func(_ context.Context, c weir.Change[model.Row]) error {
		got = append(got, *c.New)
		return nil
	})).Invoke(t.Context(), event)
	assert.NoError(t, err)
	_, err = weir.DynamoDB(weir.Each(func(_ context.Context, c weir.NewImage[model.Row]) error {
		gotNew = append(gotNew, *c.New)
		return nil
	})).Invoke(t.Context(), event)
	assert.NoError(t, err)
	var e events.DynamoDBEvent
	assert.NoError(t, json.Unmarshal(event, &e))
	for _, r := range e.Records {
		want = append(want, std.Row(r.Change.NewImage))
	}
	assert.Equal(t, got, want)
	assert.Equal(t, gotNew, want)
}
