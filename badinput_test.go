package weir_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

func raw(recs ...string) string { return `{"Records":[` + strings.Join(recs, ",") + `]}` }

func sqsRaw(id, body string) string {
	return fmt.Sprintf(`{"messageId":%s,"body":%s,"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:q"}`, id, body)
}

func kinesisRaw(seq, data, at string) string {
	return fmt.Sprintf(`{"kinesis":{"sequenceNumber":%s,"data":%s,"partitionKey":"k","approximateArrivalTimestamp":%s},"eventSource":"aws:kinesis"}`, seq, data, at)
}

// Every bad event has a stated result: an error for the whole batch, or its record failed.
// Each event that parses has a good record "ok" besides the bad one "bad".
func TestBadInput(t *testing.T) {
	t.Parallel()
	anyBody := weir.EachMessage(func(context.Context, *weir.Message) error { return nil })
	deep := strings.Repeat(`[`, 10001) + strings.Repeat(`]`, 10001)
	okSQS, okKinesis := sqsRaw(`"ok"`, `"1"`), kinesisRaw(`"ok"`, `"MQ=="`, `1.5`)
	okDynamoDB := `{"eventName":"INSERT","eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"ok","Keys":{"id":{"S":"1"}}}}`
	for name, c := range map[string]struct {
		l     *weir.Lambda
		event string
		want  string // the error's text, or the records' states
		cause string // of the bad record
	}{
		"nothing":               {weir.SQS(anyBody), ``, "the event is empty or not JSON, not an object", ""},
		"not JSON":              {weir.SQS(anyBody), `hello`, "the event is empty or not JSON", ""},
		"truncated":             {weir.SQS(anyBody), raw(okSQS)[:100], "weir: decode SQS event: record 0: invalid JSON at byte 100: unexpected end", ""},
		"truncated in a record": {weir.SQS(anyBody), raw(okSQS, okSQS)[:len(raw(okSQS))+30], "record 1: invalid JSON", ""},
		"text behind":           {weir.SQS(anyBody), raw(okSQS) + "x", "text after the value", ""},
		"an array":              {weir.SQS(anyBody), `[]`, "the event is a list, not an object", ""},
		"a string":              {weir.SQS(anyBody), `"x"`, "the event is a string", ""},
		"null":                  {weir.SQS(anyBody), `null`, "the event is null", ""},
		"no Records":            {weir.SQS(anyBody), `{"a":1}`, "it has no Records", ""},
		"empty object":          {weir.Kinesis(anyBody), `{}`, "it has no Records", ""},
		"Records null":          {weir.SQS(anyBody), `{"Records":null}`, "Records is null, not a list", ""},
		"Records an object":     {weir.SQS(anyBody), `{"Records":{}}`, "Records is an object, not a list", ""},
		"Records a string":      {weir.DynamoDB(anyBody), `{"Records":"x"}`, "Records is a string", ""},
		"Records twice":         {weir.SQS(anyBody), `{"Records":[],"Records":[` + okSQS + `]}`, "Records twice", ""},
		"Records of numbers":    {weir.SQS(anyBody), `{"Records":[` + okSQS + `,1]}`, "record 1 is a number, not an object", ""},
		"Records of nulls":      {weir.SQS(anyBody), `{"Records":[null]}`, "record 0 is null, not an object", ""},
		"Kinesis into SQS":      {weir.SQS(anyBody), raw(okKinesis), `SQS expected, but record 0 comes from "aws:kinesis"`, ""},
		"SQS into Kinesis":      {weir.Kinesis(anyBody), raw(okSQS), `Kinesis expected, but record 0 comes from "aws:sqs"`, ""},
		"SQS into DynamoDB":     {weir.DynamoDB(anyBody), raw(okSQS), `DynamoDB expected, but record 0 comes from "aws:sqs"`, ""},
		"SNS into SQS":          {weir.SQS(anyBody), `{"Records":[{"EventSource":"aws:sns","Sns":{}}]}`, `comes from "aws:sns"`, ""},
		"S3 into SQS":           {weir.SQS(anyBody), `{"Records":[{"eventSource":"aws:s3"}]}`, `comes from "aws:s3"`, ""},
		"Kafka into SQS":        {weir.SQS(anyBody), `{"eventSource":"aws:kafka","records":{"t-0":[]}}`, "records by topic, as a Kafka event", ""},
		"mixed sources":         {weir.SQS(anyBody), raw(okSQS, okKinesis), `record 1 comes from "aws:kinesis"`, ""},
		"an API event":          {weir.SQS(anyBody), `{"version":"2.0","routeKey":"$default","body":"x"}`, "it has no Records", ""},
		"too deep":              {weir.SQS(anyBody), raw(sqsRaw(`"a"`, deep)), "nested deeper than 10,000", ""},
		"too deep beside":       {weir.SQS(anyBody), `{"x":` + deep + `}`, "nested deeper than 10,000", ""},

		"empty":                  {weir.SQS(anyBody), `{"Records":[]}`, "", ""},
		"empty Kinesis":          {weir.Kinesis(anyBody), ` { "Records" : [ ] } `, "", ""},
		"no messageId, done":     {weir.SQS(anyBody), raw(okSQS, `{"body":"1","eventSource":"aws:sqs"}`), "ok succeeded,  succeeded", ""},
		"no messageId, failed":   {weir.SQS(anyBody), raw(okSQS, `{"eventSource":"aws:sqs"}`), "a failed record has no identifier, so the whole batch must be retried: record 1", ""},
		"a number as messageId":  {weir.SQS(anyBody), raw(okSQS, sqsRaw(`7`, `"1"`)), "messageId: a number, not a string", ""},
		"null as messageId":      {weir.SQS(anyBody), raw(okSQS, `{"messageId":null,"eventSource":"aws:sqs"}`), "no identifier", ""},
		"empty record":           {weir.SQS(anyBody), raw(okSQS, `{}`), "no identifier", ""},
		"no sequence number":     {weir.Kinesis(anyBody), raw(okKinesis, `{"kinesis":{},"eventSource":"aws:kinesis"}`), "no identifier", ""},
		"no body":                {weir.SQS(anyBody), raw(okSQS, `{"messageId":"bad","eventSource":"aws:sqs"}`), "ok succeeded, bad failed", "body: missing"},
		"null body":              {weir.SQS(anyBody), raw(okSQS, sqsRaw(`"bad"`, `null`)), "ok succeeded, bad failed", "body: null, not a string"},
		"a body that is JSON":    {weir.SQS(anyBody), raw(okSQS, sqsRaw(`"bad"`, `{"a":1}`)), "ok succeeded, bad failed", "body: an object, not a string"},
		"bad receive count":      {weir.SQS(anyBody), raw(okSQS, `{"messageId":"bad","body":"","attributes":{"ApproximateReceiveCount":"x"}}`), "ok succeeded, bad failed", `ApproximateReceiveCount: "x" is not a count`},
		"bad sent time":          {weir.SQS(anyBody), raw(okSQS, `{"messageId":"bad","body":"","attributes":{"SentTimestamp":"99999999999999999999"}}`), "ok succeeded, bad failed", "SentTimestamp"},
		"bad base64":             {weir.Kinesis(anyBody), raw(okKinesis, kinesisRaw(`"bad"`, `"M*=="`, `1`)), "ok succeeded, bad failed", "kinesis.data: illegal base64"},
		"base64 cut off":         {weir.Kinesis(anyBody), raw(okKinesis, kinesisRaw(`"bad"`, `"MQ="`, `1`)), "ok succeeded, bad failed", "kinesis.data: illegal base64"},
		"null as data":           {weir.Kinesis(anyBody), raw(okKinesis, kinesisRaw(`"bad"`, `null`, `1`)), "ok succeeded, bad failed", "kinesis.data: null, not a string"},
		"a comma too many":       {weir.SQS(anyBody), `{"Records":[` + okSQS + `,]}`, "weir: decode SQS event: record 1: invalid JSON at byte", ""},
		"no data":                {weir.Kinesis(anyBody), raw(okKinesis, `{"kinesis":{"sequenceNumber":"bad"}}`), "ok succeeded, bad failed", "kinesis.data: missing"},
		"a number as data":       {weir.Kinesis(anyBody), raw(okKinesis, kinesisRaw(`"bad"`, `5`, `1`)), "ok succeeded, bad failed", "kinesis.data: a number, not a string"},
		"time 1e400":             {weir.Kinesis(anyBody), raw(okKinesis, kinesisRaw(`"bad"`, `"MQ=="`, `1e400`)), "ok succeeded, bad failed", "kinesis.approximateArrivalTimestamp: 1e400 is not a time"},
		"negative time":          {weir.Kinesis(anyBody), raw(okKinesis, kinesisRaw(`"bad"`, `"MQ=="`, `-1`)), "ok succeeded, bad failed", "kinesis.approximateArrivalTimestamp"},
		"negative fraction":      {weir.Kinesis(anyBody), raw(okKinesis, kinesisRaw(`"bad"`, `"MQ=="`, `-0.5`)), "ok succeeded, bad failed", "kinesis.approximateArrivalTimestamp"},
		"attributes in a list":   {weir.SQS(anyBody), raw(okSQS, `{"messageId":"bad","body":"","attributes":[]}`), "ok succeeded, bad failed", "attributes: a list, not an object"},
		"kinesis in a list":      {weir.Kinesis(anyBody), raw(okKinesis, `{"kinesis":{"sequenceNumber":"bad","data":""},"kinesis":[]}`), "ok succeeded, bad failed", "kinesis: a list, not an object"},
		"a time as text":         {weir.Kinesis(anyBody), raw(okKinesis, kinesisRaw(`"bad"`, `"MQ=="`, `"now"`)), "ok succeeded, bad failed", "a string, not a number"},
		"no dynamodb":            {weir.DynamoDB(anyBody), raw(okDynamoDB, `{"eventSource":"aws:dynamodb"}`), "no identifier", ""},
		"an image that is text":  {weir.DynamoDB(anyBody), raw(okDynamoDB, `{"dynamodb":{"SequenceNumber":"bad","NewImage":"x"}}`), "ok succeeded, bad failed", "dynamodb.NewImage: a string, not an object"},
		"the same id twice":      {weir.SQS(weir.Each(func(_ context.Context, n int) error { return nil })), raw(okSQS, sqsRaw(`"bad"`, `"x"`), sqsRaw(`"bad"`, `"y"`)), "ok succeeded, bad failed, bad failed", "undecodable"},
		"not UTF-8":              {weir.SQS(weir.Each(func(_ context.Context, s string) error { return errors.New(s) }), weir.ReportAll()), raw(sqsRaw("\"i\xff\"", "\"b\xff\"")), "i\ufffd failed", "b\ufffd"},
		"a payload that is deep": {weir.SQS(weir.Each(func(_ context.Context, v any) error { return nil })), raw(okSQS, sqsRaw(`"bad"`, quote(deep))), "ok succeeded, bad failed", "exceeded max depth"},
		"a payload with 1e400":   {weir.SQS(weir.Each(func(_ context.Context, v float64) error { return nil })), raw(okSQS, sqsRaw(`"bad"`, `"1e400"`)), "ok succeeded, bad failed", "1e400"},
		"a payload with 256":     {weir.SQS(weir.Each(func(_ context.Context, v uint8) error { return nil })), raw(okSQS, sqsRaw(`"bad"`, `"256"`)), "ok succeeded, bad failed", "256"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := invoke(t, t.Context(), c.l, []byte(c.event))
			if res.err != nil {
				if c.want == "" {
					t.Fatal(res.err)
				}
				assert.Error(t, res.err, c.want)
				return
			}
			assert.Equal(t, res.states(), c.want)
			if c.cause != "" {
				assert.Error(t, res.records[len(res.records)-1].Err, c.cause)
				assert.Equal(t, len(res.failed), 1)
			}
		})
	}
}

func TestWrongSourceIsErrNotBatch(t *testing.T) {
	t.Parallel()
	l := weir.SQS(weir.EachMessage(func(context.Context, *weir.Message) error { return nil }))
	for _, event := range []string{`null`, `{}`, raw(kinesisRaw(`"a"`, `""`, `1`)), `{"records":{}}`} {
		if _, err := l.Invoke(t.Context(), []byte(event)); !errors.Is(err, weir.ErrNotBatch) {
			t.Errorf("%s: %v", event, err)
		}
	}
}

// An event a little over Lambda's 6 MB is no problem of ours.
func TestLargeEvent(t *testing.T) {
	t.Parallel()
	const limit = 6*1024*1024 + 100
	var got int
	l := weir.Kinesis(weir.Each(func(_ context.Context, data []byte) error { got += len(data); return nil }))
	frame := len(raw(kinesisRaw(`"a"`, `""`, `1`)))
	fill := (limit - frame) / 4 * 4
	event := raw(kinesisRaw(`"a"`, `"`+strings.Repeat("A", fill)+`"`, `1`)) + strings.Repeat(" ", (limit-frame)%4)
	assert.Equal(t, len(event), limit)
	res := invoke(t, t.Context(), l, []byte(event))
	assert.Equal(t, res.states(), "a succeeded")
	assert.Equal(t, got, fill/4*3)
}

func TestMessageFields(t *testing.T) {
	t.Parallel()
	event := ` {"Records" : [ {"messageId":"m\u0031","receiptHandle":"AQEB","body":"{\"n\":\"\ud83d\ude00\"}",
	 "attributes":{"ApproximateReceiveCount":"3","SentTimestamp":"1760000000123","SenderId":"AIDA","ApproximateFirstReceiveTimestamp":"1760000000456",
	   "SequenceNumber":"18850000000000000001","MessageGroupId":"g1","AWSTraceHeader":"Root=1-2;Parent=3;Sampled=1"},
	 "messageAttributes":{"kind":{"dataType":"String","stringValue":"refund","stringListValues":[],"binaryListValues":[]},"blob":{"dataType":"Binary","binaryValue":"AAEC"}},
	 "md5OfBody":"x","md5OfMessageAttributes":null,"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:orders.fifo","awsRegion":"eu-west-1"} ] } `
	l := weir.SQS(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		assert.Equal(t, []any{m.ID, m.SourceARN, m.OrderingKey, string(m.Payload), m.Attempt, m.Time.UnixMilli()},
			[]any{"m1", "arn:aws:sqs:eu-west-1:1:orders.fifo", "g1", `{"n":"😀"}`, 3, int64(1760000000123)})
		assert.Equal(t, m.TraceHeader(), "Root=1-2;Parent=3;Sampled=1")
		assert.Equal(t, []string{m.Attribute("SenderId"), m.Attribute("SequenceNumber"), m.Attribute("awsRegion"), m.Attribute("body"), m.Attribute("none")},
			[]string{"AIDA", "18850000000000000001", "eu-west-1", "", ""})
		assert.Equal(t, m.MessageAttributes(), map[string]weir.MessageAttribute{
			"kind": {DataType: "String", String: "refund"}, "blob": {DataType: "Binary", Binary: []byte{0, 1, 2}}})
		if !strings.HasPrefix(m.Raw(), `{"messageId":"m\u0031"`) || !strings.HasSuffix(m.Raw(), `"awsRegion":"eu-west-1"}`) {
			t.Error(m.Raw())
		}
		return nil
	}))
	assert.Equal(t, invoke(t, t.Context(), l, []byte(event)).states(), "m1 succeeded")

	k := weir.Kinesis(weir.EachMessage(func(ctx context.Context, m *weir.Message) error {
		assert.Equal(t, []any{m.ID, m.SourceARN, m.OrderingKey, string(m.Payload), m.Attempt, m.Time.UnixMilli(), m.TraceHeader()},
			[]any{"123", streamARN, "key", "data", 0, int64(1760000000250), ""})
		assert.Equal(t, []string{m.Attribute("eventID"), m.Attribute("partitionKey"), m.Attribute("data"), m.Attribute("approximateArrivalTimestamp")},
			[]string{"shardId-000000000003:123", "key", "", "1760000000.25"})
		return nil
	}))
	assert.Equal(t, invoke(t, t.Context(), k, kinesisEvent(rec{"123", "key", "data"})).states(), "123 succeeded")
	var empty weir.Message
	assert.Equal(t, empty.RequestID()+empty.TraceHeader(), "")
	_, ok := empty.Deadline()
	assert.Equal(t, ok, false)
	_, ok = weir.FromContext(t.Context())
	assert.Equal(t, ok, false)
}

// Times keep their digits, however the number is written.
func TestStreamTimes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"1760000000": 1760000000_000000000, "1760000000.123": 1760000000_123000000, "1760000000.123456789": 1760000000_123456789,
		"1.76E9": 1760000000_000000000, "1.760000000123e9": 1760000000_123000000, "0": 0, "1760000000.1234567899": 1760000000_123456789,
	} {
		l := weir.Kinesis(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			assert.Equal(t, m.Time.UnixNano(), want, text)
			return nil
		}))
		assert.Equal(t, invoke(t, t.Context(), l, []byte(raw(kinesisRaw(`"a"`, `""`, text)))).states(), "a succeeded", text)
	}
}

// Fields given twice, or in another case, count as in encoding/json.
func TestFieldsGivenTwice(t *testing.T) {
	t.Parallel()
	event := `{"Records":[{"messageId":"a","MESSAGEID":null,"body":"1","Body":"2","attributes":{"MessageGroupId":"g"},"attributes":{"SenderId":"x","SenderId":"y"},
		"MessageAttributes":{"k":{"DataType":"Binary","binaryValue":"QUJD?"}},"eventSourceARN":"arn:q.fifo"}]}`
	l := weir.SQS(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		assert.Equal(t, []string{m.ID, m.OrderingKey, string(m.Payload), m.Attribute("senderid")}, []string{"a", "g", "2", "y"})
		assert.Equal(t, m.MessageAttributes(), map[string]weir.MessageAttribute{"k": {DataType: "Binary"}})
		return nil
	}))
	assert.Equal(t, invoke(t, t.Context(), l, []byte(event)).states(), "a succeeded")
}
