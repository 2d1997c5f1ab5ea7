package envelopetest

import (
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var seed = flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the generated events")

func record(g *generator, s *source) func() string {
	return map[*source]func() string{sqs: g.sqsRecord, kin: g.kinesisRecord, ddb: g.dynamoDBRecord}[s]
}

func TestGeneratedEvents(t *testing.T) {
	t.Parallel()
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	for n, s := range []*source{sqs, kin, ddb} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			t.Logf("-seed %d", *seed)
			g := &generator{Rand: rand.New(rand.NewPCG(*seed, uint64(n)))}
			same := 0
			for range rounds {
				g.hand = g.chance(30)
				event := g.event(record(g, s))
				same += s.compare(t, event)
				if t.Failed() {
					t.Fatalf("%s", event)
				}
			}
			if same < rounds {
				t.Errorf("only %d records were comparable with aws-lambda-go", same)
			}
		})
	}
}

func TestRecordedEvents(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file    string
		s       *source
		records int
	}{
		{"sqs-event.json", sqs, 1},
		{"kinesis-event.json", kin, 2},
		{"kinesis-time-window-event.json", kin, 1},
		{"dynamodb-event.json", ddb, 2},
		{"dynamodb-time-window-event.json", ddb, 3},
	} {
		if same := tt.s.compare(t, recorded(t, tt.file)); same != tt.records {
			t.Errorf("%s: %d records compared, want %d", tt.file, same, tt.records)
		}
	}
	ddb.compare(t, recorded(t, "dynamodb-event-malformed.2.json")) // it is cut off
}

// recorded reads an event that aws-lambda-go brings along.
func recorded(tb testing.TB, name string) []byte {
	tb.Helper()
	dir, err := exec.CommandContext(tb.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		tb.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "events", "testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
