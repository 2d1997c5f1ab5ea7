package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
)

func TestStreamRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		batch  int
		tries  int
		answer func([]string, int) ([]string, error)
		want   []string
		dead   []int
	}{
		{"batches in order", 3, 4, failing(), []string{"1 2 3", "4 5 6"}, nil},
		{
			// As recorded on AWS: the batch once, then the record alone four times.
			"partial progress restarts the budget", 3, 4, failing("6"),
			[]string{"1 2 3", "4 5 6", "6", "6", "6", "6"}, []int{5},
		},
		{
			"checkpoint at the lowest reported", 6, 4, func(p []string, try int) ([]string, error) {
				if p[0] == "1" {
					return []string{"5", "3"}, nil
				}
				return nil, nil
			}, []string{"1 2 3 4 5 6", "3 4 5 6"}, nil,
		},
		{
			"no progress uses up the budget without bisecting", 3, 2, failing("1"),
			[]string{"1 2 3", "1 2 3", "4 5 6"}, []int{0, 1, 2},
		},
		{
			"an error bisects, first half first, and uses up no retry", 6, 2, func(p []string, try int) ([]string, error) {
				if slices.Contains(p, "5") {
					return nil, errBoom
				}
				return nil, nil
			}, []string{"1 2 3 4 5 6", "1 2 3", "4 5 6", "4", "5 6", "5", "5", "6"}, []int{4},
		},
		{
			"an unknown identifier fails the batch", 6, 2, func(p []string, try int) ([]string, error) {
				if len(p) > 3 {
					return []string{"2", "nobody"}, nil
				}
				return nil, nil
			}, []string{"1 2 3 4 5 6", "1 2 3", "4 5 6"}, nil,
		},
		{
			"a retry that succeeds", 6, 2, func(p []string, try int) ([]string, error) {
				if try == 1 {
					return []string{p[0]}, nil
				}
				return nil, nil
			}, []string{"1 2 3 4 5 6", "1 2 3 4 5 6"}, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &script{answer: c.answer}
			m := s.mapping(c.batch, c.tries)
			out, err := Kinesis(t.Context(), m, payloads("1", "2", "3", "4", "5", "6"))
			if err != nil {
				t.Fatal(err)
			}
			sameLog(t, s.log, c.want...)
			sameDead(t, out, c.dead...)
			if m.Meter.Settled.Load() != 6 || m.Meter.Invocations.Load() != int64(len(c.want)) || m.Meter.Dead.Load() != int64(len(c.dead)) {
				t.Errorf("meter %+v", m.Meter)
			}
		})
	}
}

func TestStreamTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: failing()}
		m := s.mapping(2, 2)
		m.Function = func(ctx context.Context, event []byte) ([]byte, error) {
			if strings.Count(string(event), "partitionKey") > 1 {
				time.Sleep(2 * time.Minute) // the answer comes too late
			}
			return s.invoke(ctx, event)
		}
		out, err := Kinesis(t.Context(), m, payloads("1", "2"))
		if err != nil {
			t.Fatal(err)
		}
		sameLog(t, s.log, "1 2", "1", "2")
		sameDead(t, out)
	})
}

func TestStreamCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := &script{answer: func([]string, int) ([]string, error) { cancel(); return nil, nil }}
	if _, err := Kinesis(ctx, s.mapping(1, 2), payloads("1", "2", "3")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if len(s.log) != 1 {
		t.Errorf("%d invocations after the context ended", len(s.log)-1)
	}
}

func TestShardOf(t *testing.T) {
	t.Parallel()
	// The MD5 sums begin with 0c, 92, 4a and c4.
	for key, want := range map[string]int{"a": 0, "b": 2, "c": 1, "1": 3} {
		if got := shardOf(key); got != want {
			t.Errorf("shard of %s is %d, want %d", key, got, want)
		}
	}
}

var (
	kinesisNumber  = regexp.MustCompile(`^[1-9]\d{55}$`)
	dynamodbNumber = regexp.MustCompile(`^[1-9]\d{20,39}$`)
	shardName      = regexp.MustCompile(`^shardId-\d{12}$`)
	tableShardName = regexp.MustCompile(`^shardId-\d{20}-[0-9a-f]{8}$`)
)

func TestKinesisEvent(t *testing.T) {
	t.Parallel()
	last := ""
	m := (&script{}).mapping(2, 1)
	m.Function = func(_ context.Context, event []byte) ([]byte, error) {
		var e struct{ Records []kinesisRecord }
		if err := json.Unmarshal(event, &e); err != nil {
			t.Error(err)
		}
		for _, r := range e.Records {
			shard, number, _ := strings.Cut(r.EventID, ":")
			if !kinesisNumber.MatchString(number) || number != r.Kinesis.SequenceNumber || !shardName.MatchString(shard) {
				t.Errorf("event id %s, sequence number %s", r.EventID, r.Kinesis.SequenceNumber)
			}
			if r.Kinesis.Arrival != "1767323045.006" || r.Kinesis.PartitionKey != "k" {
				t.Errorf("record %+v", r)
			}
			if last != "" && weir.CompareSequenceNumbers(last, number) >= 0 {
				t.Errorf("%s comes after %s", number, last)
			}
			last = number
		}
		return nil, nil
	}
	if _, err := Kinesis(t.Context(), m, payloads("1", "2", "3")); err != nil {
		t.Fatal(err)
	}
}

func TestDynamoDBEvent(t *testing.T) {
	t.Parallel()
	m := (&script{}).mapping(2, 1)
	m.Function = func(_ context.Context, event []byte) ([]byte, error) {
		var e struct{ Records []changeRecord }
		if err := json.Unmarshal(event, &e); err != nil {
			t.Error(err)
		}
		for _, r := range e.Records {
			if !dynamodbNumber.MatchString(r.Change.SequenceNumber) || r.EventName != "INSERT" || len(r.EventID) != 32 ||
				r.Change.Created != 1767323045 || r.Change.SizeBytes != (2+2)+(2+2+3+2) ||
				string(r.Change.Keys) != `{"id":{"S":"a1"}}` || string(r.Change.NewImage) != `{"id":{"S":"a1"},"qty":{"N":"3"}}` {
				t.Errorf("record %+v", r)
			}
		}
		return nil, errBoom
	}
	out, err := DynamoDB(t.Context(), m, []Record{{
		Key: "a1", Item: []Attribute{{"id", "S", "a1", true}, {"qty", "N", "3", false}}, Time: payloads("1")[0].Time,
	}})
	if err != nil {
		t.Fatal(err)
	}
	sameDead(t, out, 0)
	if d := out.Dead[0]; !tableShardName.MatchString(d.Where) || d.Condition != "RetryAttemptsExhausted" || d.Batch != 1 || d.Tries != 1 {
		t.Errorf("dead letter %+v", d)
	}
}
