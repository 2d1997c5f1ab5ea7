package weir_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/internal/probe"
)

// rec is a record of a test event; lane is its group, partition key or item key.
type rec struct {
	id, lane, body string
}

const (
	standardARN = "arn:aws:sqs:eu-west-1:111122223333:orders"
	fifoARN     = standardARN + ".fifo"
	streamARN   = "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks"
	tableARN    = "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/2026-01-02T03:04:05.678"
)

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func list(recs []rec, one func(rec) string) []byte {
	var parts []string
	for _, r := range recs {
		parts = append(parts, one(r))
	}
	return []byte(`{"Records":[` + strings.Join(parts, ",") + `]}`)
}

func sqsEvent(arn string, recs ...rec) []byte {
	return list(recs, func(r rec) string {
		return fmt.Sprintf(`{"messageId":%s,"receiptHandle":"h","body":%s,"attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1760000000123","MessageGroupId":%s},"messageAttributes":{},"eventSource":"aws:sqs","eventSourceARN":%q,"awsRegion":"eu-west-1"}`,
			quote(r.id), quote(r.body), quote(r.lane), arn)
	})
}

func kinesisEvent(recs ...rec) []byte {
	return list(recs, func(r rec) string {
		return fmt.Sprintf(`{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":%s,"sequenceNumber":%s,"data":"%s","approximateArrivalTimestamp":1760000000.25},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000003:%s","eventName":"aws:kinesis:record","eventSourceARN":%q}`,
			quote(r.lane), quote(r.id), base64.StdEncoding.EncodeToString([]byte(r.body)), r.id, streamARN)
	})
}

func dynamoDBEvent(recs ...rec) []byte {
	return list(recs, func(r rec) string {
		return fmt.Sprintf(`{"eventID":"e-%s","eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-west-1","dynamodb":{"ApproximateCreationDateTime":1760000000.0,"Keys":{"id":{"S":%s}},"NewImage":{"id":{"S":%s},"body":{"S":%s}},"SequenceNumber":%s,"SizeBytes":58,"StreamViewType":"NEW_IMAGE"},"eventSourceARN":%q}`,
			r.id, quote(r.lane), quote(r.lane), quote(r.body), quote(r.id), tableARN)
	})
}

func named(ids ...string) []rec {
	recs := make([]rec, len(ids))
	for i, id := range ids {
		recs[i] = rec{id: id, lane: "lane", body: id}
	}
	return recs
}

// report is an invocation seen from outside, and through the probe.
type report struct {
	failed  []string // identifiers in the response
	err     error
	records []probe.Record
}

func (r report) states() string {
	var s []string
	for _, x := range r.records {
		s = append(s, x.ID+" "+x.State)
	}
	return strings.Join(s, ", ")
}

func probed(ctx context.Context) (context.Context, *probe.Report) {
	p := new(probe.Report)
	return context.WithValue(ctx, probe.Key{}, p), p
}

func invoke(t testing.TB, ctx context.Context, l *weir.Lambda, event []byte) report {
	t.Helper()
	ctx, p := probed(ctx)
	out, err := l.Invoke(ctx, event)
	r := report{err: err, records: p.Records, failed: []string{}}
	if err != nil {
		if out != nil {
			t.Fatalf("an error and a response: %s", out)
		}
		return r
	}
	var answer struct {
		BatchItemFailures *[]struct {
			ItemIdentifier *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	assert.NoError(t, json.Unmarshal(out, &answer))
	if answer.BatchItemFailures == nil {
		t.Fatalf("no list in %s", out)
	}
	for _, f := range *answer.BatchItemFailures {
		r.failed = append(r.failed, *f.ItemIdentifier)
	}
	return r
}
