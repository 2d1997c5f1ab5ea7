package kpl_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/internal/kpl"
)

// nodeRecord is a record on its way to and from testdata/agg.js; []byte travels as base64.
type nodeRecord struct {
	PartitionKey    string `json:"partitionKey"`
	ExplicitHashKey string `json:"explicitHashKey"`
	Data            []byte `json:"data"`
}

// Both ways with the package that AWS publishes for Node: what it aggregates is split, and what
// is appended here it takes apart.
func TestAgainstNode(t *testing.T) {
	t.Parallel()
	if err := exec.Command("node", "-e", "require('aws-kinesis-agg')").Run(); err != nil {
		missing := "node with aws-kinesis-agg is not there: npm install --ignore-scripts aws-kinesis-agg@4.2.8, and set NODE_PATH to its node_modules"
		if os.Getenv("CI_INTEGRATION") != "" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	type batch struct {
		Records []nodeRecord `json:"records"`
		Ours    []byte       `json:"ours"`
	}
	var question []batch
	var want [][]kpl.Record
	for range 50 {
		records := random(rng)
		b := batch{Ours: kpl.Append(nil, records)}
		for _, r := range records {
			b.Records = append(b.Records, nodeRecord(r))
		}
		question, want = append(question, b), append(want, records)
	}
	text, err := json.Marshal(question)
	assert.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "node", "testdata/agg.js")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
	out, err := cmd.Output()
	assert.NoError(t, err)
	var answer []struct {
		Theirs [][]byte     `json:"theirs"` // as many aggregates as it takes
		Split  []nodeRecord `json:"split"`
	}
	assert.NoError(t, json.Unmarshal(out, &answer))
	assert.Equal(t, len(answer), len(want))
	for i, a := range answer {
		var got []kpl.Record
		for _, data := range a.Theirs {
			records, aggregated, err := split(data)
			assert.NoError(t, err)
			assert.Equal(t, aggregated, true)
			got = append(got, records...)
		}
		assert.Equal(t, got, want[i])

		assert.Equal(t, len(a.Split), len(want[i]))
		for at, r := range a.Split {
			// Its explicit hash keys are not compared: it reports the first one for records that
			// have none.
			assert.Equal(t, r.PartitionKey, want[i][at].PartitionKey)
			assert.Equal(t, bytes.Equal(r.Data, want[i][at].Data), true)
		}
	}
}
