package weirtest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/weirtest"
)

// records reads an event as generic JSON.
func records(t *testing.T, e weirtest.Event) []map[string]any {
	t.Helper()
	var event struct{ Records json.RawMessage }
	if err := json.Unmarshal(e.JSON(), &event); err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	if event.Records[0] == '[' {
		if err := json.Unmarshal(event.Records, &list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	var lanes map[string][]map[string]any // one, since their order is lost
	if err := json.Unmarshal(event.Records, &lanes); err != nil || len(lanes) != 1 {
		t.Fatal(err, lanes)
	}
	for _, list = range lanes {
	}
	return list
}

// at follows keys down into a record.
func at(v any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

func TestFields(t *testing.T) {
	t.Parallel()
	type fields map[string]any
	number := map[string]weir.MessageAttribute{"timestamp": {DataType: "Number", String: "1493147359900"}}
	for name, test := range map[string]struct {
		event weirtest.Event
		want  fields
	}{
		"sqs": {weirtest.SQS(`{"n":1}`), fields{
			"body": `{"n":1}`, "md5OfBody": "082c26c8a6bc75226a31da5495cc9292", "eventSource": "aws:sqs", "awsRegion": "eu-west-1",
			"attributes.ApproximateReceiveCount": "1", "attributes.SentTimestamp": "1767323045000",
			"attributes.ApproximateFirstReceiveTimestamp": "1767323045004", "attributes.MessageGroupId": nil,
			"md5OfMessageAttributes": nil, "messageAttributes.any": nil,
		}},
		"sqs attributes": {weirtest.SQS(weirtest.Record{Value: "", MessageAttributes: number, Attributes: map[string]string{"SenderId": ""}}), fields{
			"body": "", "md5OfMessageAttributes": "235c5c510d26fb653d073faed50ae77c", // as AWS computes it
			"messageAttributes.timestamp.stringValue": "1493147359900", "messageAttributes.timestamp.dataType": "Number",
			"attributes.SenderId": nil,
		}},
		"sqs binary": {weirtest.SQS(weirtest.Record{MessageAttributes: map[string]weir.MessageAttribute{"b": {DataType: "Binary", Binary: []byte{0, 1, 2}}}}), fields{
			"messageAttributes.b.binaryValue": "AAEC", "messageAttributes.b.stringValue": nil,
		}},
		"fair queue": {weirtest.SQS(weirtest.In("tenant", "a")), fields{"attributes.MessageGroupId": "tenant", "attributes.SequenceNumber": nil}},
		"fifo": {weirtest.FIFO("a"), fields{
			"attributes.MessageGroupId": "group-1", "attributes.SequenceNumber": "18850000000000000256",
			"attributes.MessageDeduplicationId": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
			"eventSourceARN":                    "arn:aws:sqs:eu-west-1:123456789012:queue.fifo",
		}},
		"kinesis": {weirtest.Kinesis(weirtest.Record{Value: "a", Time: time.UnixMilli(1500), Attributes: map[string]string{"encryptionType": "KMS"}}), fields{
			"kinesis.data": "YQ==", "kinesis.approximateArrivalTimestamp": 1.5, "kinesis.encryptionType": "KMS",
		}},
		"kinesis empty": {weirtest.Kinesis(""), fields{"kinesis.data": "", "kinesis.encryptionType": nil}},
		"kafka": {weirtest.Kafka(weirtest.In("a-b-7", weirtest.Record{Value: "v", Key: "", Time: time.UnixMilli(1500), Attributes: map[string]string{"timestampType": "LOG_APPEND_TIME"}})), fields{
			"topic": "a-b", "partition": 7., "offset": 0., "timestamp": 1500., "timestampType": "LOG_APPEND_TIME", "key": "", "value": "dg==", "valueSchemaMetadata": nil,
		}},
		"kafka tombstone": {weirtest.Kafka(weirtest.Record{Key: 7, ID: "t-1@9007199254740993", ValueSchema: &weir.KafkaSchema{DataFormat: "AVRO", SchemaID: "3"}}), fields{
			"topic": "t", "partition": 1., "key": "Nw==", "value": nil, "valueSchemaMetadata.dataFormat": "AVRO", "valueSchemaMetadata.schemaId": "3", "keySchemaMetadata": nil,
		}},
		"dynamodb": {weirtest.DynamoDB(orders, weirtest.Expired(Order{ID: 1, Total: 20})), fields{
			"eventName": "REMOVE", "eventVersion": "1.1", "userIdentity.principalId": "dynamodb.amazonaws.com",
			"dynamodb.SizeBytes": 2. + 2 + 2 + 2 + 5 + 2, "dynamodb.StreamViewType": "NEW_AND_OLD_IMAGES", "dynamodb.NewImage": nil,
		}},
		"new image": {weirtest.DynamoDB(weirtest.Table{Key: "id", View: weirtest.NewImage}, weirtest.Modified(Order{ID: 1}, Order{ID: 1})), fields{
			"eventName": "MODIFY", "dynamodb.NewImage.id.N": "1", "dynamodb.OldImage": nil, "userIdentity": nil,
		}},
		"old image": {weirtest.DynamoDB(weirtest.Table{Key: "id", View: weirtest.OldImage}, weirtest.Modified(Order{ID: 1}, Order{ID: 1})), fields{
			"dynamodb.NewImage": nil, "dynamodb.OldImage.id.N": "1",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for path, want := range test.want {
				if got := at(records(t, test.event)[0], path); got != want {
					t.Errorf("%s is %v, want %v", path, got, want)
				}
			}
		})
	}
}

func TestIdentifiersHaveTheirRealLength(t *testing.T) {
	t.Parallel()
	for source, test := range map[string]struct {
		event  weirtest.Event
		length int
	}{
		"sqs":      {weirtest.SQS(slices.Repeat([]any{"a"}, 1200)...), 36},
		"kinesis":  {weirtest.Kinesis(slices.Repeat([]any{"a"}, 1200)...), 56},
		"dynamodb": {weirtest.DynamoDB(orders, slices.Repeat([]weirtest.Change{weirtest.Inserted(Order{})}, 1200)...), 24},
	} {
		ids := test.event.IDs()
		for i, id := range ids {
			if len(id) != test.length {
				t.Fatalf("%s: %q has %d characters", source, id, len(id))
			}
			if i > 0 && weir.CompareSequenceNumbers(ids[i-1], id) >= 0 {
				t.Fatalf("%s: %q comes after %q", source, id, ids[i-1])
			}
		}
	}
}

func TestMoreThanTenMessagesSayNullDigest(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]bool{10: false, 11: true} {
		_, has := records(t, weirtest.SQS(slices.Repeat([]any{"a"}, n)...))[0]["md5OfMessageAttributes"]
		if has != want {
			t.Errorf("%d messages: md5OfMessageAttributes is there: %v", n, has)
		}
	}
}

func TestEventsAreCopies(t *testing.T) {
	t.Parallel()
	event := weirtest.SQS("a", "b", "c")
	before := string(event.JSON())
	ids := event.IDs()
	again := event.Again(ids[1]).Again(ids[1])
	_ = event.After(event).From("arn").At(time.Now()).InWindow(weir.WindowInfo{Final: true}, nil)
	if after := string(event.JSON()); after != before {
		t.Errorf("the event changed\nfrom %s\nto   %s", before, after)
	}
	if got := at(records(t, again)[0], "attributes.ApproximateReceiveCount"); got != "3" {
		t.Errorf("after two more deliveries the receive count is %v", got)
	}
	if first, second := records(t, event)[1]["receiptHandle"], records(t, again)[0]["receiptHandle"]; first == second {
		t.Errorf("two deliveries have the same receipt handle %v", first)
	}
}

func TestAfterContinues(t *testing.T) {
	t.Parallel()
	first := weirtest.Kinesis("a", "b").At(time.UnixMilli(1000))
	second := weirtest.Kinesis("c", "d").After(first)
	third := weirtest.Kinesis("e").After(second)
	if got := at(records(t, third)[0], "kinesis.approximateArrivalTimestamp"); got != 1.04 {
		t.Errorf("the fifth record arrived at %v", got)
	}
	if id := third.IDs()[0]; !strings.HasSuffix(id, "05") {
		t.Errorf("the fifth record is %s", id)
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 5, 6, 7, 0, 0, 0, time.FixedZone("", 3600))
	info := weir.WindowInfo{Start: start, End: start.Add(time.Hour), ShardID: "shardId-000000000007", SourceARN: "arn", TerminatedEarly: true}
	got := string(weirtest.Kinesis().InWindow(info, map[string]int{"n": 1}).JSON())
	want := `{"Records":[],"window":{"start":"2026-05-06T06:00:00Z","end":"2026-05-06T07:00:00Z"},"state":{"n":1},"shardId":"shardId-000000000007",` +
		`"eventSourceARN":"arn","isFinalInvokeForWindow":false,"isWindowTerminatedEarly":true}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMistakesPanic(t *testing.T) {
	t.Parallel()
	for want, build := range map[string]func(){
		"unsupported type: chan int":          func() { weirtest.SQS(make(chan int)) },
		"value 1 is not UTF-8":                func() { weirtest.SQS("a", []byte{0xff}) },
		"a Change is for DynamoDB":            func() { weirtest.Kinesis(weirtest.Inserted(Order{})) },
		"Kinesis has no attribute SenderId":   func() { weirtest.Kinesis(weirtest.Record{Attributes: map[string]string{"SenderId": "a"}}) },
		"value 0: Kinesis has no Attempt":     func() { weirtest.Kinesis(weirtest.Record{Attempt: 2}) },
		`the event has no record "x"`:         func() { weirtest.SQS("a").Again("x") },
		"Kafka has no attribute SenderId":     func() { weirtest.Kafka(weirtest.Record{Attributes: map[string]string{"SenderId": "a"}}) },
		"value 0: Kafka has no Attempt":       func() { weirtest.Kafka(weirtest.Record{Attempt: 2}) },
		`"orders" is no topic and partition`:  func() { weirtest.Kafka(weirtest.In("orders", "a")) },
		`"orders-01" is no topic`:             func() { weirtest.Kafka(weirtest.In("orders-01", "a")) },
		`like "t-1@77", not "t-1@x"`:          func() { weirtest.Kafka(weirtest.Record{ID: "t-1@x"}) },
		`like "u-1@77", not "t-1@5"`:          func() { weirtest.Kafka(weirtest.Record{ID: "t-1@5", OrderingKey: "u-1"}) },
		"SQS has no Key":                      func() { weirtest.SQS(weirtest.Record{Key: "a"}) },
		"Kinesis has no Key":                  func() { weirtest.Kinesis(weirtest.Record{Headers: weir.KafkaHeaders{}}) },
		"Kafka has no tumbling windows":       func() { weirtest.Kafka().InWindow(weir.WindowInfo{}, nil) },
		"the Table has no Key":                func() { weirtest.DynamoDB(weirtest.Table{}, weirtest.Inserted(Order{})) },
		"change 0: it has neither":            func() { weirtest.DynamoDB(orders, weirtest.Change{}) },
		"an expired item has no New":          func() { weirtest.DynamoDB(orders, weirtest.Change{New: Order{}, Expired: true}) },
		`the item has no attribute "id"`:      func() { weirtest.DynamoDB(orders, weirtest.Removed(struct{ X int }{})) },
		"int is no item":                      func() { weirtest.DynamoDB(orders, weirtest.Inserted(3)) },
		"*weirtest_test.Order is no item":     func() { weirtest.DynamoDB(orders, weirtest.Inserted((*Order)(nil))) },
		"the item is not JSON":                func() { weirtest.DynamoDB(orders, weirtest.Inserted(`{"id":`)) },
		"so the Change needs Keys":            func() { weirtest.DynamoDB(orders, weirtest.Inserted(`[]`)) },
		`unknown View "ALL"`:                  func() { weirtest.DynamoDB(weirtest.Table{Key: "id", View: "ALL"}, weirtest.Inserted(Order{})) },
		"weirtest: json: error calling Marsh": func() { weirtest.SQS().InWindow(weir.WindowInfo{}, `{"n":`).JSON() },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "weirtest: ") || !strings.Contains(got, want) {
					t.Errorf("panic %q, want one with %q", got, want)
				}
			}()
			build()
		}()
	}
}
