package envelopetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/awsevents"
)

// handed is a record as a handler of package awsevents gets it.
type handed struct {
	v      any
	damage error
}

// typed is a source with its verb in package awsevents.
type typed struct {
	name    string
	build   func(take func(any), o weir.Option) *weir.Lambda
	decode  func(record []byte) (any, error) // as aws-lambda-go does
	damaged func(event []byte) ([]bool, []string, error)
}

func collect[T any](take func(any)) func(context.Context, T) error {
	return func(_ context.Context, v T) error { take(v); return nil }
}

func decodeAWS[T any](record []byte) (any, error) {
	var t T
	err := unmarshal(record, &t)
	return t, err
}

func (s *source) damagedOf(event []byte) (damaged []bool, raw []string, err error) {
	records, err := split(event, s.origin)
	for _, r := range records {
		damaged, raw = append(damaged, s.model(r).damaged), append(raw, string(r))
	}
	return damaged, raw, err
}

func damagedKafka(event []byte) (damaged []bool, raw []string, err error) {
	rows, _, err := splitKafka(event)
	for _, r := range rows {
		damaged, raw = append(damaged, r.damaged), append(raw, r.raw)
	}
	return damaged, raw, err
}

var (
	typedSQS = &typed{"SQS", func(take func(any), o weir.Option) *weir.Lambda {
		return weir.SQS(awsevents.EachSQS(collect[events.SQSMessage](take)), o)
	}, decodeAWS[events.SQSMessage], sqs.damagedOf}
	typedKinesis = &typed{"Kinesis", func(take func(any), o weir.Option) *weir.Lambda {
		return weir.Kinesis(awsevents.EachKinesis(collect[events.KinesisEventRecord](take)), o)
	}, decodeAWS[events.KinesisEventRecord], kin.damagedOf}
	typedDynamoDB = &typed{"DynamoDB", func(take func(any), o weir.Option) *weir.Lambda {
		return weir.DynamoDB(awsevents.EachDynamoDB(collect[events.DynamoDBEventRecord](take)), o)
	}, decodeAWS[events.DynamoDBEventRecord], ddb.damagedOf}
	typedKafka = &typed{"Kafka", func(take func(any), o weir.Option) *weir.Lambda {
		return weir.Kafka(awsevents.EachKafka(collect[events.KafkaRecord](take)), o)
	}, decodeAWS[events.KafkaRecord], damagedKafka}
)

// compare holds what handlers get against what aws-lambda-go decodes from the record. It returns
// how many records were equal.
func (s *typed) compare(t *testing.T, event []byte) (same int) {
	t.Helper()
	var got []handed
	l := s.build(func(v any) { got = append(got, handed{v: v}) }, weir.OnUndecodable(func(_ context.Context, _ *weir.Message, err error) error {
		got = append(got, handed{damage: err})
		return nil
	}))
	_, err := l.Invoke(t.Context(), event)
	damaged, raw, refusal := s.damaged(event)
	if refusal != nil || err != nil {
		if (refusal != nil) != (err != nil) {
			t.Fatalf("weir says %v, the model says %v", err, refusal)
		}
		return 0
	}
	if len(got) != len(raw) {
		t.Fatalf("%d records, want %d", len(got), len(raw))
	}
	for i, record := range raw {
		want, failure := s.decode([]byte(record))
		if d := got[i].damage; d != nil || damaged[i] || failure != nil {
			if (d != nil) != (damaged[i] || failure != nil) || d != nil && !errors.Is(d, weir.ErrUndecodable) {
				t.Fatalf("record %d: %v, but the model says damaged: %v, and aws-lambda-go %v\n%s", i, d, damaged[i], failure, record)
			}
			continue
		}
		if !reflect.DeepEqual(got[i].v, want) {
			t.Fatalf("record %d:\ngot  %#v\nwant %#v\n%s", i, got[i].v, want, record)
		}
		same++
	}
	return same
}

func (s *typed) generate(g *generator) []byte {
	switch s {
	case typedSQS:
		return g.event(g.sqsRecord)
	case typedKinesis:
		return g.event(g.kinesisRecord)
	case typedDynamoDB:
		return g.event(g.dynamoDBRecord)
	}
	return g.kafkaEvent()
}

func TestEventTypes(t *testing.T) {
	t.Parallel()
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	for n, s := range []*typed{typedSQS, typedKinesis, typedDynamoDB, typedKafka} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			t.Logf("-seed %d", *seed)
			g := &generator{Rand: rand.New(rand.NewPCG(*seed, uint64(20+n)))}
			same := 0
			for range rounds {
				g.hand = g.chance(30)
				event := s.generate(g)
				if same += s.compare(t, event); t.Failed() {
					t.Fatalf("%s", event)
				}
			}
			if t.Logf("%d records were equal", same); same < rounds/2 {
				t.Errorf("only %d records could be compared", same)
			}
		})
	}
}

func TestEventTypesRecorded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file    string
		s       *typed
		records int
	}{
		{"sqs-event.json", typedSQS, 1},
		{"kinesis-event.json", typedKinesis, 2},
		{"dynamodb-event.json", typedDynamoDB, 2},
		{"kafka-event.json", typedKafka, 1},
	} {
		if same := tt.s.compare(t, recorded(t, tt.file)); same != tt.records {
			t.Errorf("%s: %d records were equal, want %d", tt.file, same, tt.records)
		}
	}
	for _, d := range differences {
		map[*source]*typed{sqs: typedSQS, kin: typedKinesis, ddb: typedDynamoDB}[d.s].compare(t, []byte(d.event))
	}
	// aws-lambda-go panics over the first record, and so loses the second.
	const half = `{"Records":[{"dynamodb":{"SequenceNumber":"1","NewImage":{"a":{"BS":[1]}}}},{"dynamodb":{"SequenceNumber":"2"}}]}`
	if same := typedDynamoDB.compare(t, []byte(half)); same != 1 {
		t.Errorf("%d records were equal, want 1", same)
	}
}

func FuzzEventTypesSQS(f *testing.F)      { typedSQS.fuzz(f, "sqs-event.json") }
func FuzzEventTypesKinesis(f *testing.F)  { typedKinesis.fuzz(f, "kinesis-event.json") }
func FuzzEventTypesDynamoDB(f *testing.F) { typedDynamoDB.fuzz(f, "dynamodb-event.json") }
func FuzzEventTypesKafka(f *testing.F)    { typedKafka.fuzz(f, "kafka-event.json") }

func (s *typed) fuzz(f *testing.F, file string) {
	f.Add(recorded(f, file))
	for _, d := range differences {
		f.Add([]byte(d.event))
	}
	g := &generator{Rand: rand.New(rand.NewPCG(1, 5))} // the same corpus every time
	for n := range 40 {
		g.hand = n%2 == 0
		f.Add(s.generate(g))
	}
	f.Fuzz(func(t *testing.T, event []byte) { s.compare(t, event) })
}
