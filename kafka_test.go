package weir_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

const clusterARN = "arn:aws:kafka:eu-west-1:111122223333:cluster/c/uuid-1"

// kafkaEvent makes an event of records whose id is topic-partition@offset; lane is not looked at.
func kafkaEvent(recs ...rec) []byte {
	var lanes []string
	lists := map[string][]string{}
	for _, r := range recs {
		lane, offset, _ := strings.Cut(r.id, "@")
		dash := strings.LastIndexByte(lane, '-')
		if lists[lane] == nil {
			lanes = append(lanes, lane)
		}
		lists[lane] = append(lists[lane], fmt.Sprintf(`{"topic":%s,"partition":%s,"offset":%s,"timestamp":1760000000123,"timestampType":"CREATE_TIME","key":"azE=","value":"%s","headers":[{"trace":[97,-1,255]}]}`,
			quote(lane[:dash]), lane[dash+1:], offset, base64.StdEncoding.EncodeToString([]byte(r.body))))
	}
	var parts []string
	for _, lane := range lanes {
		parts = append(parts, quote(lane)+":["+strings.Join(lists[lane], ",")+"]")
	}
	return kafkaRaw(parts...)
}

func kafkaRaw(partitions ...string) []byte {
	return []byte(`{"eventSource":"aws:kafka","eventSourceArn":"` + clusterARN + `","bootstrapServers":"b-1:9098","records":{` + strings.Join(partitions, ",") + `}}`)
}

// oneKafka is an event of one record, t-0@5, with further fields.
func oneKafka(fields string) []byte {
	return kafkaRaw(`"t-0":[{"topic":"t","partition":0,"offset":5` + fields + `}]`)
}

func TestKafkaMessage(t *testing.T) {
	t.Parallel()
	event := ` { "records" : { "or-ders-1" : [ {"topic":"or-ders", "partition" : 1 , "offset": 9223372036854775807 , "timestamp":1760000000123,"timestampType":"LOG_APPEND_TIME",
	  "key":"a\u007aE=","value":"","headers":[{"a":[]}, null, {"b" : [ 1 , -128, 127,-0,255 ],"a":[45,49]} , {"a":null}, {} , {"":[0]}],
	  "keySchemaMetadata":{"dataFormat":"JSON","schemaId":7,"more":[1]},"valueSchemaMetadata":{"schemaId":"0f0f","dataFormat":"AVRO"},"own":{"x":1}},
	  {"offset":9223372036854775807,"Key":null,"VALUE":null,"headers":null,"timestamp":-1,"valueSchemaMetadata":{"schemaId":"0f0f","dataFormat":"AVRO"}} ] },
	  "EVENTSOURCE":"SelfManagedKafka","bootstrapServers":" b-2:9092,b-1:9092"} `
	var got []*weir.Message
	l := weir.Kafka(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		got = append(got, m)
		if m.Kafka.KeySchema != nil {
			var attrs []string
			for k, v := range m.Attributes() {
				attrs = append(attrs, k+"="+v)
			}
			assert.Equal(t, attrs, []string{"topic=or-ders", "partition=1", "offset=9223372036854775807", "timestamp=1760000000123", "timestampType=LOG_APPEND_TIME"})
			assert.Equal(t, m.Attribute("offset")+m.Attribute("key")+m.Attribute("value"), "9223372036854775807")
			assert.Contains(t, m.Raw(), `{"topic":"or-ders", "partition"`, `"own":{"x":1}}`)
		}
		return nil
	}))
	text := []byte(event)
	res := invoke(t, t.Context(), l, text)
	clear(text) // what is kept stays
	assert.Equal(t, res.states(), "or-ders-1@9223372036854775807 succeeded, or-ders-1@9223372036854775807 succeeded")
	m, k := got[0], got[0].Kafka
	assert.Equal(t, []any{m.ID, m.SourceARN, m.Shard, m.OrderingKey, m.Time.UnixMilli(), m.Attempt, m.Tombstone()},
		[]any{"or-ders-1@9223372036854775807", "b-1:9092,b-2:9092", "or-ders-1", "or-ders-1", int64(1760000000123), 0, false})
	assert.Equal(t, []any{k.Topic, k.Partition, k.Offset, string(k.Key), k.TimestampType}, []any{"or-ders", int32(1), int64(9223372036854775807), "k1", "LOG_APPEND_TIME"})
	assert.Equal(t, k.Headers, weir.KafkaHeaders{{"a", []byte{}}, {"b", []byte{1, 128, 127, 0, 255}}, {"a", []byte("-1")}, {"a", nil}, {"", []byte{0}}})
	assert.Equal(t, []any{*k.KeySchema, *k.ValueSchema}, []any{weir.KafkaSchema{"JSON", "7"}, weir.KafkaSchema{"AVRO", "0f0f"}})
	if m.Payload == nil || len(m.Payload) > 0 {
		t.Errorf("an empty value is %#v", m.Payload)
	}
	if v, ok := k.Headers.Get("a"); !ok || v != nil {
		t.Errorf("the last header a is %v, %v", v, ok)
	}
	_, ok := k.Headers.Get("A")
	assert.Equal(t, ok, false)
	assert.Equal(t, k.Headers.Values("a"), [][]byte{{}, []byte("-1"), nil})

	m, k = got[1], got[1].Kafka
	assert.Equal(t, []any{m.Tombstone(), m.Payload == nil, k.Key == nil, k.Headers == nil, m.Time.IsZero(), k.Topic, k.Partition, k.TimestampType, k.KeySchema == nil},
		[]any{true, true, true, true, true, "or-ders", int32(1), "", true})
	if k.ValueSchema != got[0].Kafka.ValueSchema {
		t.Error("records with the same schema do not share it")
	}
	var other weir.Message
	assert.Equal(t, other.Tombstone(), false)
}

func TestKafkaClusterNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		event, want string
		opts        []weir.KafkaOption
	}{
		{`{"records":{"t-0":[{"offset":1}]},"eventSourceArn":"` + clusterARN + `","eventSource":"aws:kafka"}`, clusterARN, nil},
		{`{"records":{"t-0":[{"offset":1}]},"eventSourceArn":null,"bootstrapServers":"b"}`, "b", nil},
		{`{"records":{"t-0":[{"offset":1}]},"eventSource":"aws:SelfManagedKafka"}`, "", nil},
		{`{"bootstrapServers":"c,a, b","records":{"t-0":[{"offset":1}]},"eventSource":"SelfManagedKafka"}`, "a,b,c", nil},
		{string(kafkaRaw(`"t-0":[{"offset":1}]`)), "mine", []weir.KafkaOption{weir.KafkaCluster("mine")}},
	} {
		l := weir.Kafka(weir.EachMessage(func(_ context.Context, m *weir.Message) error { return errors.New(m.SourceARN) }), c.opts...)
		text := []byte(c.event)
		err := invoke(t, t.Context(), l, text).err
		clear(text)
		var all *weir.BatchError
		if !errors.As(err, &all) || all.Source != c.want {
			t.Errorf("%s: %v, want %q", c.event, err, c.want)
		}
	}
}

// Events that are none of Kafka are refused as a whole.
func TestKafkaRefuses(t *testing.T) {
	t.Parallel()
	l := weir.Kafka(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }))
	for event, want := range map[string]string{
		`null`:                                  "the event is null",
		`[]`:                                    "the event is a list",
		`{}`:                                    "it has no records",
		`{"eventSource":"aws:kafka"}`:           "it has no records",
		`{"records":null}`:                      "records is null, not an object",
		`{"records":"x"}`:                       "records is a string",
		`{"records":{},"Records":{}}`:           "records twice",
		`{"records":{"t-0":null}}`:              `the records of "t-0" are null, not a list`,
		`{"records":{"t-0":{}}}`:                "are an object, not a list",
		`{"records":{"t-0":[null]}}`:            "record 0 is null, not an object",
		`{"records":{"t-0":[{"offset":1},7]}}`:  "record 1 is a number",
		`{"records":{},"eventSource":"aws:mq"}`: `it comes from "aws:mq"`,
		string(sqsEvent(standardARN, named("a")...)):                  "Records in a list",
		string(kinesisEvent(named("a")...)):                           "Records in a list",
		`{"invocationId":"i","deliveryStreamArn":"arn","records":[]}`: "Records in a list",
	} {
		_, err := l.Invoke(t.Context(), []byte(event))
		if !errors.Is(err, weir.ErrNotBatch) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", event, err, want)
		}
	}
	for event, want := range map[string]string{
		`{"records":{},"eventSource":5}`:       "eventSource: a number, not a string",
		`{"records":{},"eventSourceArn":[]}`:   "eventSourceArn: a list",
		`{"records":{},"bootstrapServers":{}}`: "bootstrapServers: an object",
		`{"records":{"t-0":[{"offset":1},]}}`:  "record 1",
		`{"records":{}} x`:                     "text after the value",
		`{"records":{"t-0":[}}`:                "invalid JSON",
	} {
		if _, err := l.Invoke(t.Context(), []byte(event)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Kafka") {
			t.Errorf("%s: %v, want %q", event, err, want)
		}
	}
	for _, empty := range []string{`{"records":{}}`, `{"eventSource":null,"records":{"t-0":[],"t-0":[],"":[]}}`} {
		assert.Equal(t, invoke(t, t.Context(), l, []byte(empty)).states(), "")
	}
}

// What is wrong with one record fails it, by its offset where that can be read.
func TestKafkaDamage(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]string{
		`,"partition":1`:                         `partition: 1, but the record is among those of "t-0"`,
		`,"topic":"u"`:                           `topic: "u", but the record is among those of "t-0"`,
		`,"topic":5`:                             "topic: a number, not a string",
		`,"partition":"0"`:                       "partition: a string, not a number",
		`,"partition":0.5`:                       "partition: 0.5 is no whole number",
		`,"partition":4294967296`:                "partition: 4294967296, but",
		`,"partition":18446744073709551615`:      "partition: 18446744073709551615 is no whole number of 64 bits",
		`,"partition":99999999999999999999`:      "is no whole number of 64 bits",
		`,"offset":-1`:                           "offset: -1 is negative",
		`,"offset":1e3`:                          "offset: 1e3 is no whole number",
		`,"timestamp":"now"`:                     "timestamp: a string, not a number",
		`,"timestamp":-2`:                        "timestamp: -2 is not a time",
		`,"timestampType":1`:                     "timestampType: a number",
		`,"key":1`:                               "key: a number, not a string",
		`,"key":"?"`:                             "key: illegal base64",
		`,"value":"YQ"`:                          "value: illegal base64",
		`,"value":[97]`:                          "value: a list, not a string",
		`,"headers":{}`:                          "headers: an object, not a list",
		`,"headers":["a"]`:                       "headers: a string among them",
		`,"headers":[{"a":"YQ=="}]`:              `headers: "a" is a string, not a list of bytes`,
		`,"headers":[{"a":[256]}]`:               `headers: "a" has 256 among its bytes`,
		`,"headers":[{"a":[-129]}]`:              `"a" has -129 among`,
		`,"headers":[{"a":[1.0]}]`:               `"a" has 1.0 among`,
		`,"headers":[{"a":[1,null]}]`:            `"a" has null among`,
		`,"keySchemaMetadata":"AVRO"`:            "keySchemaMetadata: a string, not an object",
		`,"valueSchemaMetadata":{"schemaId":[]}`: "valueSchemaMetadata.schemaId: a list",
	} {
		l := weir.Kafka(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }), weir.ReportAll())
		out, err := l.Invoke(t.Context(), oneKafka(fields))
		assert.NoError(t, err)
		assert.Equal(t, string(out), `{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":5}}]}`, fields)
		res := invokeKafka(t, t.Context(), l, oneKafka(fields))
		assert.Error(t, res.records[0].Err, want)
		if !errors.Is(res.records[0].Err, weir.ErrUndecodable) {
			t.Errorf("%s: %v", fields, res.records[0].Err)
		}
	}
}

// The name of a partition is a topic's and a number as Kafka writes it.
func TestKafkaPartitionNames(t *testing.T) {
	t.Parallel()
	for lane, fine := range map[string]bool{
		"t-0": true, "t-2147483647": true, "t--1": true, "a.b_c-d-7": true, "--0": true,
		"t-01": false, "t-+1": false, "t- 1": false, "t-": false, "t": false, "-1": false, "t-2147483648": false, "t-1x": false,
	} {
		called := false
		l := weir.Kafka(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			called = true
			assert.Equal(t, fmt.Sprint(m.Kafka.Topic, "-", m.Kafka.Partition), lane)
			return nil
		}), weir.ReportAll())
		res := invokeKafka(t, t.Context(), l, kafkaRaw(quote(lane)+`:[{"offset":3}]`))
		if called != fine || fine != (len(res.failed) == 0) || !fine && res.failed[0] != lane+"@3" {
			t.Errorf("%s: called %v, %v", lane, called, res.failed)
		}
	}
}

// Headers are one record's own, and the last list of them counts.
func TestKafkaHeadersAreOwn(t *testing.T) {
	t.Parallel()
	var got []weir.KafkaHeaders
	l := weir.Kafka(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		got = append(got, m.Kafka.Headers)
		_ = append(m.Kafka.Headers, weir.KafkaHeader{Name: "mine"})
		return nil
	}))
	var parts []string
	var want []weir.KafkaHeaders
	for i := range 20 {
		parts = append(parts, fmt.Sprintf(`{"offset":%d,"headers":[{"a":[%d]}]}`, i, i))
		want = append(want, weir.KafkaHeaders{{"a", []byte{byte(i)}}})
	}
	invokeKafka(t, t.Context(), l, kafkaRaw(`"t-0":[`+strings.Join(parts, ",")+`]`))
	assert.Equal(t, got, want)

	got = nil
	invokeKafka(t, t.Context(), l, kafkaRaw(`"t-0":[{"offset":1,"headers":[{"a":[1]}]},{"offset":2,"headers":[{"a":[2],"b":[3]}]},{"offset":3,"headers":[{"a":[4]}],"headers":null}]`))
	assert.Equal(t, got, []weir.KafkaHeaders{{{"a", []byte{1}}}, {{"a", []byte{2}}, {"b", []byte{3}}}, nil})
}

// A record that cannot be named fails the invocation, unless another stands for it or it is dropped.
func TestKafkaWithoutOffset(t *testing.T) {
	t.Parallel()
	fails := weir.EachMessage(func(context.Context, *weir.Message) error { return errors.New("no") })
	fine := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	for _, c := range []struct {
		records string
		l       *weir.Lambda
		want    string
	}{
		{`"t-0":[{"offset":1},{"topic":"t"}]`, weir.Kafka(fine), "no identifier"},
		{`"t-0":[{"offset":1},{"offset":null}]`, weir.Kafka(fine), "no identifier"},
		{`"t-0":[{"offset":1},{"offset":"2"}],"t-1":[{"offset":1}]`, weir.Kafka(fine), "no identifier"},
		{`"":[{"offset":1}],"t-1":[{"offset":1}]`, weir.Kafka(fine), "no identifier"},
		{`"t":[{"offset":1}],"t-1":[{"offset":1}]`, weir.Kafka(fine), `{"batchItemFailures":[{"itemIdentifier":{"partition":"t","offset":1}}]}`},
		{`"t-0":[{"offset":1},{"topic":"t"}]`, weir.Kafka(fails, weir.ReportAll()), `{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":1}}]}`},
		{`"t-0":[{"offset":1},{"topic":"t"}]`, weir.Kafka(fails, weir.ReportAll(), weir.ContinueOnFailure()), "no identifier"},
		{`"t-0":[{"offset":1},{"topic":"t"}]`, weir.Kafka(fine, weir.OnUndecodable(weir.DropUndecodable)), `{"batchItemFailures":[]}`},
	} {
		out, err := c.l.Invoke(t.Context(), kafkaRaw(c.records))
		if err != nil {
			assert.Error(t, err, c.want)
			assert.Equal(t, errors.Is(err, weir.ErrNoIdentifier), true)
		} else {
			assert.Equal(t, string(out), c.want, c.records)
		}
	}
}

// invokeKafka is invoke for answers with the identifiers of Kafka, as weir.Message.ID has them.
func invokeKafka(t testing.TB, ctx context.Context, l *weir.Lambda, event []byte) report {
	t.Helper()
	ctx, p := probed(ctx)
	out, err := l.Invoke(ctx, event)
	r := report{err: err, records: p.Records, failed: []string{}}
	if err != nil {
		return r
	}
	var answer struct {
		BatchItemFailures []struct {
			ItemIdentifier struct {
				Partition string
				Offset    int64
			}
		}
	}
	d := json.NewDecoder(bytes.NewReader(out))
	d.DisallowUnknownFields()
	assert.NoError(t, d.Decode(&answer))
	for _, f := range answer.BatchItemFailures {
		r.failed = append(r.failed, fmt.Sprintf("%s@%d", f.ItemIdentifier.Partition, f.ItemIdentifier.Offset))
	}
	return r
}

// The runtime puts one event where the one before was: nothing may be remembered as it stood there.
func TestKafkaEventsInOnePlace(t *testing.T) {
	t.Parallel()
	first := oneKafka(`,"x":"aaaaaaaaaaaa","timestampType":"A","y":"1"`)
	second := oneKafka(`,"x":"aaaa","y":"111111111","timestampType":"B"`)
	if len(first) != len(second) {
		t.Fatal(len(first), len(second))
	}
	place := make([]byte, len(first))
	var got []string
	l := weir.Kafka(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		got = append(got, m.Attribute("x")+m.Attribute("y")+m.Kafka.TimestampType)
		return nil
	}))
	for range 50 {
		got = nil
		for _, event := range [][]byte{first, second} {
			copy(place, event)
			if _, err := l.Invoke(t.Context(), place); err != nil {
				t.Fatal(err)
			}
		}
		assert.Equal(t, got, []string{"aaaaaaaaaaaa1A", "aaaa111111111B"})
	}
}

func TestKafkaOptionsThatContradict(t *testing.T) {
	t.Parallel()
	nothing := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	assert.Error(t, weir.Kafka(nothing, weir.StopOnFailure(), weir.ContinueOnFailure()).Err(), "contradict")
	assert.Error(t, weir.Kafka(nothing, weir.KafkaCluster("")).Err(), "it takes a name")
	assert.Error(t, weir.Kafka(nothing, nil).Err(), "option 0 is nil")
	assert.Error(t, weir.Kafka(nil).Err(), "Kafka: no verb")
	assert.NoError(t, weir.Kafka(nothing, weir.StopOnFailure(), weir.Concurrency(3), weir.ReportAll(), weir.ReportEveryOffset()).Err())
}
