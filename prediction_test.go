package weir_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir"
)

// member has the forms that a field of a record may take, the usual one first.
type member []string

var (
	sqsMembers = []member{
		{`"messageId":"%d"`, `"messageId":null`, `"MessageID":"%d"`},
		{`"receiptHandle":"AQEB%d"`, `"receiptHandle":7`},
		{`"body":"{\"id\":%[1]d,\"name\":\"n%[1]d\",\"tags\":[\"a\",\"b\"]}"`, `"body":5`, `"body":"\u0041"`, `"body":"{\"id\":%d}"`,
			`"body":"{\"id\":1,\"name\":\"\\\"%d\",\"tags\":[]}"`, `"body":"\",\"name\":\"%d"`, `"body":"{\"name\":\"é\",\"id\":%d"`},
		{`"attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"17672256%05d","MessageGroupId":"g"}`, `"attributes":{"SentTimestamp":"x"}`, `"attributes":null`},
		{`"md5OfBody":"abc%d"`},
		{`"eventSource":"aws:sqs"`, `"eventSource":null`, `"eventSource":""`, `"eventsource":"aws:sqs"`},
		{`"eventSourceARN":"arn:aws:sqs:eu:1:q"`, `"eventSourceARN":"arn:aws:sqs:eu:1:q.fifo"`, `"eventSourceARN":null`, `"eventSourceARN":""`, `"eventSourceARN":5`},
		{`"awsRegion":"eu-west-1"`, `"awsRegion":"%d"`, `"awsRegion": "eu-west-1" `},
	}
	kinesisMembers = []member{
		{`"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"k%[1]d","sequenceNumber":"4%[1]d","data":"eyJpZCI6MX0=","approximateArrivalTimestamp":1767225600.%[1]d}`,
			`"kinesis":{"data":"e30=","sequenceNumber":"4\"%d"}`, `"kinesis":{"data":"*","sequenceNumber":"4%d"}`, `"kinesis":{"sequenceNumber":"4%d"}`, `"kinesis":null`},
		{`"eventSource":"aws:kinesis"`, `"eventSource":null`, `"eventSource":""`},
		{`"eventVersion":"1.0"`},
		{`"eventID":"shardId-01:4%d"`, `"eventID":"shardId-02:4%d"`, `"eventID":":4%d"`, `"eventID":"4%[1]d:4%[1]d"`, `"eventID":4%d`, `"eventID":"shardId-01:4\"%d"`},
		{`"eventName":"aws:kinesis:record"`, `"eventName":"%d"`},
		{`"awsRegion":"eu-west-1"`, `"awsRegion":"4%d"`},
		{`"eventSourceARN":"arn:aws:kinesis:eu:1:stream/s"`, `"eventSourceARN":"arn:4%d"`, `"eventSourceARN":""`, `"eventSourceARN":null`, `"eventSourceARN":5`},
	}
	imageMembers = []member{
		{`"id":{"S":"p%d"}`, `"id":{"S":"\u00e9%d"}`, `"ID":{"S":"q%d"}`, `"id":{"N":"%d"}`, `"id":{"NULL":true}`},
		{`"count":{"N":"%d"}`, `"count":{"N":"1.5"}`, `"count":{"N":"x"}`, `"count":{"S":"%d"}`, `"count":{"N":"1e3"}`, `"count": {"N":"%d"}`},
		{`"price":{"N":"%d.25"}`, `"price":{"N":"-0.5e-3"}`, `"price":{"NULL":false}`},
		{`"paid":{"BOOL":true}`, `"paid":{"BOOL":false}`, `"paid":{"BOOL":"true"}`, `"paid":{"BOOL":null}`, `"paid":{"NULL":true}`},
		{`"tags":{"SS":["a%d","b"]}`, `"tags":{"SS":["a"]}`, `"tags":{"L":[{"S":"a"},{"S":"%d"}]}`, `"tags":{"SS":[]}`, `"tags":{"L":[]}`, `"tags":{"SS":["\"","b"]}`, `"tags":{"L":[{"N":"1"}]}`, `"tags":{"SS":["a",]}`},
		{`"sizes":{"NS":["1","%d"]}`, `"sizes":{"L":[{"N":"1"},{"N":"%d"}]}`, `"sizes":{"L":[{"N":"1.5"}]}`, `"sizes":{"L":[{"N":"1","S":"a"}]}`},
		{`"address":{"M":{"city":{"S":"c%[1]d"},"zip":{"N":"%[1]d"},"geo":{"L":[{"N":"1.5"}]}}}`, `"address":{"M":{"zip":{"N":"%d"}}}`, `"address":{"M":{}}`, `"address":{"NULL":true}`, `"address":{"M":{"city":{"M":{"a":{"S":"b"}}}}}`},
		{`"other":{"M":{"a":{"S":"%d"},"b":{"L":[{"M":{"c":{"BOOL":true}}}]}}}`, `"other":{"S":"a"}`, `"other":{"X":"a"}`, `"other":{}`, `"other":7`},
		{`"blob":{"B":"AAECAw=="}`, `"blob":{"B":"*"}`, `"blob":{"B":""}`},
		{`"at":{"S":"2026-01-02T03:04:05Z"}`, `"at":{"N":"17672256%05d"}`, `"at":{"S":"today"}`},
		{`"any":{"S":"%d"}`, `"any":{"N":"%d"}`, `"any":{"M":{"a":{"N":"1"}}}`},
		{`"note":{"S":"%d"}`, `"note":{"NULL":true}`},
		{`"map":{"M":{"a":{"S":"%d"}}}`, `"map":{"M":{}}`},
		{`"small":{"N":"%d"}`, `"small":{"N":"300"}`},
		{`"list":{"L":[{"M":{"city":{"S":"x%d"}}}]}`, `"list":{"L":[{"NULL":true}]}`},
	}
)

// place is what an image's map decodes into.
type place struct {
	City string    `dynamodbav:"city"`
	Zip  int       `dynamodbav:"zip"`
	Geo  []float64 `dynamodbav:"geo"`
}

type variety struct {
	ID      string            `dynamodbav:"id"`
	Count   int64             `dynamodbav:"count"`
	Price   float64           `dynamodbav:"price"`
	Paid    bool              `dynamodbav:"paid"`
	Tags    []string          `dynamodbav:"tags"`
	Sizes   []int             `dynamodbav:"sizes"`
	Address place             `dynamodbav:"address"`
	Blob    []byte            `dynamodbav:"blob"`
	At      time.Time         `dynamodbav:"at"`
	Any     any               `dynamodbav:"any"`
	Note    *string           `dynamodbav:"note"`
	Map     map[string]string `dynamodbav:"map"`
	Small   int8              `dynamodbav:"small"`
	List    []place           `dynamodbav:"list"`
}

// plain has only what outlines decode without another look.
type plainImage struct {
	ID      string   `dynamodbav:"id"`
	Count   int64    `dynamodbav:"count"`
	Paid    bool     `dynamodbav:"paid"`
	Tags    []string `dynamodbav:"tags"`
	Address struct {
		City string `dynamodbav:"city"`
	} `dynamodbav:"address"`
}

// write makes an object of members: mostly all of them in their usual form and order.
func write(r *rand.Rand, members []member, odd int) string {
	var parts []string
	for _, m := range members {
		form := m[0]
		if r.IntN(100) < odd {
			form = m[r.IntN(len(m))]
		}
		if strings.Contains(form, "%") {
			form = fmt.Sprintf(form, r.IntN(1000))
		}
		if r.IntN(300) < odd {
			continue
		}
		parts = append(parts, form)
		if r.IntN(300) < odd {
			parts = append(parts, form)
		}
	}
	if r.IntN(300) < odd {
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	}
	object := "{" + strings.Join(parts, ",") + "}"
	if r.IntN(900) < odd { // damaged
		at := 1 + r.IntN(len(object)-1)
		object = object[:at-1] + object[at:]
	}
	return object
}

func writeChange(r *rand.Rand, odd int) string {
	parts := []member{{`"Keys":` + write(r, imageMembers[:1], odd/3)}, {`"NewImage":` + write(r, imageMembers, odd)}, {`"OldImage":` + write(r, imageMembers, odd)}, {`"SequenceNumber":"%d"`}}
	for i := range parts {
		parts[i][0] = strings.ReplaceAll(parts[i][0], "%", "%%")
	}
	parts[3][0] = `"SequenceNumber":"%d"`
	return `{"eventName":"MODIFY","eventSource":"aws:dynamodb","dynamodb":` + write(r, parts, odd/3) + `,"eventSourceARN":"arn:t"}`
}

// decoded is what becomes of a record.
type decoded struct {
	Message weir.Message
	Value   any
	Err     string
}

// decodes returns what the records of an event become. All events are in one buffer, as in a Lambda function.
func decodes[T any](t *testing.T, source func(weir.Verb) *weir.Lambda) func(event string) ([]decoded, error) {
	t.Helper()
	var buffer []byte
	return func(event string) (all []decoded, err error) {
		buffer = append(buffer[:0], event...)
		var took []decoded
		take := func(ctx context.Context, v any) error {
			m, _ := weir.FromContext(ctx)
			took = append(took, decoded{Value: v, Message: weir.Message{ID: m.ID, SourceARN: m.SourceARN, OrderingKey: compact(m.OrderingKey),
				Shard: m.Shard, Payload: m.Payload, Time: m.Time, Attempt: m.Attempt}})
			return nil
		}
		verb := weir.Each(func(ctx context.Context, v T) error { return take(ctx, v) })
		if _, ok := any(*new(T)).(weir.Message); ok {
			verb = weir.EachMessage(func(ctx context.Context, m *weir.Message) error { return take(ctx, nil) })
		}
		res := invoke(t, t.Context(), source(verb), buffer)
		for _, r := range res.records {
			if r.Err != nil {
				all = append(all, decoded{Err: r.Err.Error()})
			} else if len(took) > 0 {
				all = append(all, took[0])
				took = took[1:]
			}
		}
		return all, res.err
	}
}

func compact(text string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(text)) != nil {
		return text
	}
	return b.String()
}

// What a source has learnt from records before changes nothing about a record: it becomes the
// same behind others as alone and written in another way, in which nothing is as before.
func TestPredictions(t *testing.T) {
	t.Parallel()
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed %d", s)
	sqs := func(v weir.Verb) *weir.Lambda { return weir.SQS(v, weir.ReportAll()) }
	kinesis := func(v weir.Verb) *weir.Lambda { return weir.Kinesis(v, weir.ReportAll()) }
	dynamoDB := func(v weir.Verb) *weir.Lambda { return weir.DynamoDB(v, weir.ReportAll()) }
	sqsRecord := func(r *rand.Rand, odd int) string { return write(r, sqsMembers, odd) }
	kinesisRecord := func(r *rand.Rand, odd int) string { return write(r, kinesisMembers, odd) }
	for name, c := range map[string]struct {
		decode func(string) ([]decoded, error)
		record func(*rand.Rand, int) string
	}{
		"sqs":            {decodes[weir.Message](t, sqs), sqsRecord},
		"kinesis":        {decodes[weir.Message](t, kinesis), kinesisRecord},
		"dynamodb":       {decodes[weir.Change[variety]](t, dynamoDB), writeChange},
		"dynamodb plain": {decodes[weir.Change[plainImage]](t, dynamoDB), writeChange},
		"dynamodb new":   {decodes[weir.NewImage[variety]](t, dynamoDB), writeChange},
	} {
		r := rand.New(rand.NewPCG(s, 1))
		for range 600 {
			odd := r.IntN(40)
			before, record := []string{c.record(r, odd/4)}, c.record(r, odd)
			for r.IntN(3) > 0 {
				before = append(before, c.record(r, odd/4))
			}
			first, err := c.decode(`{"Records":[` + strings.Join(before, ",") + `]}`)
			if err != nil {
				continue
			}
			all, err := c.decode(`{"Records":[` + strings.Join(append(before, record), ",") + `]}`)
			var loose bytes.Buffer
			if json.Indent(&loose, []byte(record), "", strings.Repeat(" ", r.IntN(50))+"\t") != nil {
				if err == nil {
					t.Fatalf("%s: not JSON, but\n%+v", record, all)
				}
				continue
			}
			if strings.Contains(fmt.Sprint(all), "not run, since") { // a FIFO queue
				continue
			}
			alone, errAlone := c.decode(`{"Records":[` + loose.String() + `]}`)
			if (err == nil) != (errAlone == nil) || err == nil && !reflect.DeepEqual(all, append(first, alone...)) {
				t.Fatalf("%s, after %s\n%s\n%v, alone %v\ngot  %+v\nwant %+v", name, before, record, err, errAlone, all, append(first, alone...))
			}
		}
	}
}
