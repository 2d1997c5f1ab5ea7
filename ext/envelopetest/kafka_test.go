package envelopetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/weir-go/weir"
)

// readKafka runs an event through the public API, and spoils it before it looks at what is kept.
func readKafka(t *testing.T, event []byte) ([]seen, error) {
	t.Helper()
	var all []seen
	l := weir.Kafka(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		all = append(all, seen{Message: m, raw: m.Raw()})
		return nil
	}), weir.OnUndecodable(func(_ context.Context, m *weir.Message, err error) error {
		all = append(all, seen{Message: m, raw: m.Raw(), damage: err})
		return nil
	}))
	text := bytes.Clone(event)
	out, err := l.Invoke(t.Context(), text)
	for i := range text {
		text[i] = '#'
	}
	if want := `{"batchItemFailures":[]}`; err == nil && string(out) != want {
		t.Fatalf("response = %s, want %s", out, want)
	}
	var panicked *weir.PanicError
	for _, r := range all {
		if errors.As(r.damage, &panicked) {
			t.Fatalf("a panic: %v\n%s", panicked.Value, panicked.Stack)
		}
	}
	return all, err
}

// compareKafka holds an event against the model and against aws-lambda-go. It returns the number
// of records that went as far as the latter.
func compareKafka(t *testing.T, event []byte) (same int) {
	t.Helper()
	rows, cluster, refusal := splitKafka(event)
	got, err := readKafka(t, event)
	switch {
	case err != nil && refusal == nil:
		t.Fatalf("weir refuses: %v", err)
	case err == nil && refusal != nil:
		t.Fatalf("weir accepts, but %v", refusal)
	case refusal != nil:
		return 0
	}
	if len(got) != len(rows) {
		t.Fatalf("%d records, want %d", len(got), len(rows))
	}
	for i, want := range rows {
		m := got[i]
		about := func(field string, is, should any) {
			t.Helper()
			if !reflect.DeepEqual(is, should) {
				t.Fatalf("record %d: %s = %#v, want %#v (damage: %v)\n%s", i, field, is, should, m.damage, want.raw)
			}
		}
		about("Raw", m.raw, want.raw)
		about("damaged", m.damage != nil, want.damaged)
		about("ID", m.ID, want.id)
		about("Shard", m.Shard, want.lane)
		about("SourceARN", m.SourceARN, cluster)
		if want.damaged {
			continue
		}
		about("OrderingKey", m.OrderingKey, want.lane)
		about("Topic and Partition", fmt.Sprint(m.Kafka.Topic, "-", m.Kafka.Partition), want.lane)
		about("Offset", m.Kafka.Offset, want.offset)
		about("Time", m.Time.Equal(want.time) && m.Time.IsZero() == want.time.IsZero(), true)
		about("TimestampType", m.Kafka.TimestampType, want.stamp)
		about("Key", m.Kafka.Key, want.key)
		about("Payload", m.Payload, want.value)
		about("Tombstone", m.Tombstone(), want.value == nil)
		about("Headers", m.Kafka.Headers, want.headers)
		about("KeySchema", m.Kafka.KeySchema, want.keySchema)
		about("ValueSchema", m.Kafka.ValueSchema, want.valSchema)

		var k events.KafkaRecord
		if want.repeats || json.Unmarshal([]byte(m.raw), &k) != nil {
			continue // bytes above 127, or a wrong type where weir does not look
		}
		if k.Topic != "" {
			about("Topic, aws-lambda-go", m.Kafka.Topic, k.Topic)
		}
		about("Offset, aws-lambda-go", m.Kafka.Offset, k.Offset)
		if !k.Timestamp.IsZero() && k.Timestamp.UnixMilli() > 0 {
			about("Time, aws-lambda-go", m.Time.UnixMilli(), k.Timestamp.UnixMilli())
		}
		about("TimestampType, aws-lambda-go", m.Kafka.TimestampType, k.TimestampType)
		about("Key, aws-lambda-go", string(m.Kafka.Key), unbase64(k.Key))
		about("Value, aws-lambda-go", string(m.Payload), unbase64(k.Value))
		about("Headers, aws-lambda-go", flat(m.Kafka.Headers), flatAWS(k.Headers))
		same++
	}
	return same
}

func unbase64(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// flat and flatAWS forget which object a header stood in.
func flat(headers weir.KafkaHeaders) map[string]string {
	all := map[string]string{}
	for _, h := range headers {
		all[h.Name] = string(h.Value)
	}
	return all
}

func flatAWS(headers []map[string]events.JSONNumberBytes) map[string]string {
	all := map[string]string{}
	for _, h := range headers {
		for name, value := range h {
			all[name] = string(value)
		}
	}
	return all
}

func (g *generator) kafkaEvent() []byte {
	var lanes []string
	offset := g.Int64N(1 << 40)
	for range g.IntN(4) {
		topic, partition := one(g, "orders", "a-b", "\u00e9", "t"), one(g, "0", "1", "17", "2147483647")
		if g.chance(3) {
			partition = one(g, "x", "01", "-1", "4294967296", "")
		}
		lane := g.quote(topic + "-" + partition)
		lanes = append(lanes, lane+g.space()+":"+g.space()+g.list(g.IntN(4), func() string {
			offset += g.Int64N(9)
			if g.chance(3) {
				offset -= 10
			}
			return g.kafkaRecord(topic, partition, offset)
		}))
	}
	fields := append(g.some(
		field{"eventSource", g.quote(one(g, "aws:kafka", "aws:kafka", "SelfManagedKafka", "aws:SelfManagedKafka"))},
		field{"eventSourceArn", one(g, "null", g.quote("arn:aws:kafka:eu-west-1:111122223333:cluster/c/uuid"))},
		field{"bootstrapServers", one(g, g.quote("b-2:9098,b-1:9098"), g.text(), "null")},
	), field{"records", "{" + strings.Join(lanes, one(g, ",", " ,\n")) + "}"})
	return []byte(g.space() + g.object(fields, false) + g.space())
}

func (g *generator) kafkaRecord(topic, partition string, offset int64) string {
	if g.chance(2) {
		topic = "other"
	}
	bytes := func() string {
		signed := g.chance(60)
		return g.list(g.IntN(20), func() string {
			switch b := g.IntN(256); {
			case signed && b > 127:
				return strconv.Itoa(b - 256)
			default:
				return strconv.Itoa(b)
			}
		})
	}
	headers := g.list(g.IntN(4), func() string {
		if g.chance(5) {
			return one(g, "null", "{}", g.value(1))
		}
		return "{" + g.quote(one(g, "trace", "a", "", "\u00e9")) + ":" + one(g, bytes(), bytes(), bytes(), "null", one(g, "[-129]", "[256]", "[1.0]", "[ 1 ]", "[null]", `"YQ=="`)) + "}"
	})
	schema := func() string {
		return one(g, "null", g.object([]field{{"dataFormat", g.quote("AVRO")}, {"schemaId", one(g, g.quote("7"), "7", "null")}}, false))
	}
	return g.object(g.some(
		field{"topic", g.quote(topic)}, field{"partition", one(g, partition, partition, "null")}, field{"offset", strconv.FormatInt(offset, 10)},
		field{"timestamp", one(g, "1760000000123", "-1", "0", "null", "9007199254740993", strconv.FormatInt(g.Int64N(1<<62), 10))},
		field{"timestampType", one(g, g.quote("CREATE_TIME"), g.quote("LOG_APPEND_TIME"), "null")},
		field{"key", one(g, g.binary(), "null", `""`)}, field{"value", one(g, g.binary(), g.binary(), "null", `""`)},
		field{"headers", one(g, headers, headers, headers, "null")},
		field{"keySchemaMetadata", schema()}, field{"valueSchemaMetadata", schema()},
	), g.chance(70))
}

func TestGeneratedKafkaEvents(t *testing.T) {
	t.Parallel()
	rounds := 6000
	if testing.Short() {
		rounds = 600
	}
	t.Logf("-seed %d", *seed)
	g := &generator{Rand: rand.New(rand.NewPCG(*seed, 9))}
	same := 0
	for range rounds {
		g.hand = g.chance(30)
		event := g.kafkaEvent()
		same += compareKafka(t, event)
		if t.Failed() {
			t.Fatalf("%s", event)
		}
	}
	if same < rounds/4 {
		t.Errorf("only %d records were comparable with aws-lambda-go", same)
	}
	t.Logf("%d records compared with aws-lambda-go", same)
}

func TestRecordedKafkaEvent(t *testing.T) {
	t.Parallel()
	if same := compareKafka(t, recorded(t, "kafka-event.json")); same != 1 {
		t.Errorf("%d records compared, want 1", same)
	}
}

func FuzzKafka(f *testing.F) {
	f.Add(recorded(f, "kafka-event.json"))
	g := &generator{Rand: rand.New(rand.NewPCG(1, 3))} // the same corpus every time
	for n := range 40 {
		g.hand = n%2 == 0
		f.Add(g.kafkaEvent())
	}
	f.Fuzz(func(t *testing.T, event []byte) { compareKafka(t, event) })
}
