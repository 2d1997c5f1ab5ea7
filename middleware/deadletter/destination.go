package deadletter

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/weir-go/weir"
)

// Destination is what Lambda says about a batch that it gave up and sent to an on-failure
// destination. Source: "Retain records for failed event source mapping invocations" and its
// siblings, AWS Lambda Developer Guide.
type Destination struct {
	Condition     string // such as RetryAttemptsExhausted or RecordAgeExceeded
	Invocations   int    // about how often the function was called
	StatusCode    int    // of the last call; 0 when there was none
	FunctionError string // such as Unhandled; "" when it reported item failures
	Range         Range
}

// Range is which records a batch had, where Lambda sends no more than that.
type Range struct {
	Source      string // ARN of the stream or cluster
	Shard       string
	First, Last string // sequence numbers
	Records     int
	From, To    time.Time // arrivals
}

func (r Range) String() string {
	if r == (Range{}) {
		return "an unknown range"
	}
	return fmt.Sprintf("%d records of %s, %s, %s to %s", r.Records, r.Source, r.Shard, r.First, r.Last)
}

// failure is an on-failure record of Lambda, of an event source mapping or of asynchronous
// invocation.
type failure struct {
	RequestContext *struct {
		RequestID   string `json:"requestId"`
		FunctionArn string `json:"functionArn"`
		Condition   string `json:"condition"`
		Invocations int    `json:"approximateInvokeCount"`
	} `json:"requestContext"`
	ResponseContext *struct {
		StatusCode    int     `json:"statusCode"`
		FunctionError *string `json:"functionError"`
	} `json:"responseContext"`
	Timestamp       string          `json:"timestamp"`
	Payload         json.RawMessage `json:"payload"`
	RequestPayload  json.RawMessage `json:"requestPayload"`
	ResponsePayload json.RawMessage `json:"responsePayload"`
}

// batchInfo is KinesisBatchInfo, DDBStreamBatchInfo and such.
type batchInfo struct {
	ShardID        string `json:"shardId"`
	First          string `json:"startSequenceNumber"`
	Last           string `json:"endSequenceNumber"`
	From           string `json:"approximateArrivalOfFirstRecord"`
	To             string `json:"approximateArrivalOfLastRecord"`
	Size           int    `json:"batchSize"`
	StreamARN      string `json:"streamArn"`
	EventSourceARN string `json:"eventSourceArn"`
}

// parseFailure reads an on-failure record, or reports that it is none.
func parseFailure(data []byte) (letters []Letter, is bool, err error) {
	var f failure
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, false, err
	}
	if f.RequestContext == nil || f.RequestContext.Condition == "" {
		return nil, false, nil
	}
	d := &Destination{Condition: f.RequestContext.Condition, Invocations: f.RequestContext.Invocations, Range: rangeOf(data)}
	if r := f.ResponseContext; r != nil {
		d.StatusCode = r.StatusCode
		if r.FunctionError != nil {
			d.FunctionError = *r.FunctionError
		}
	}
	about := Letter{
		Reason: ReasonLambda, Error: d.Condition, Function: f.RequestContext.FunctionArn, RequestID: f.RequestContext.RequestID,
		GivenUpAt: instant(f.Timestamp), Source: d.Range.Source, Shard: d.Range.Shard, Destination: d,
	}
	if len(f.ResponsePayload) > 0 && string(f.ResponsePayload) != "null" {
		about.Error += ": " + string(f.ResponsePayload)
	}
	payload := f.Payload
	if len(payload) == 0 || string(payload) == "null" {
		payload = f.RequestPayload
	}
	if len(payload) > 0 && payload[0] == '"' { // escaped
		var text string
		if err := json.Unmarshal(payload, &text); err != nil {
			return nil, true, err
		}
		payload = json.RawMessage(text)
	}
	if len(payload) == 0 || string(payload) == "null" {
		about.ID = identity(&Letter{Source: d.Range.Source, RecordID: d.Range.Shard + ":" + d.Range.First + ":" + d.Range.Last})
		return []Letter{about}, true, nil
	}
	letters, err = records(payload)
	for i := range letters {
		l := &letters[i]
		l.Reason, l.Error, l.Function, l.RequestID = about.Reason, about.Error, about.Function, about.RequestID
		l.GivenUpAt, l.Destination = about.GivenUpAt, d
	}
	return letters, true, err
}

func rangeOf(data []byte) (r Range) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil {
		return r
	}
	for name, value := range fields {
		var b batchInfo
		if !strings.HasSuffix(name, "BatchInfo") || json.Unmarshal(value, &b) != nil {
			continue
		}
		r = Range{b.StreamARN, b.ShardID, b.First, b.Last, b.Size, instant(b.From), instant(b.To)}
		if r.Source == "" {
			r.Source = b.EventSourceARN
		}
	}
	return r
}

func instant(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// records makes letters of the records of an event, as weir reads them.
func records(event []byte) (letters []Letter, err error) {
	var kind struct {
		EventSource string          `json:"eventSource"`
		Records     json.RawMessage `json:"Records"` // an object in Kafka's events
	}
	if err := json.Unmarshal(event, &kind); err != nil {
		return nil, fmt.Errorf("%w: its payload is no event: %w", ErrNotLetter, err)
	}
	source := kind.EventSource
	var list []struct {
		EventSource string `json:"eventSource"`
	}
	if source == "" && json.Unmarshal(kind.Records, &list) == nil && len(list) > 0 {
		source = list[0].EventSource
	}
	each := weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		letters = append(letters, *about(m))
		return nil
	})
	all := weir.FlowOptions(weir.DeadlineReserve(0), weir.OnUndecodable(func(_ context.Context, m *weir.Message, _ error) error {
		letters = append(letters, *about(m))
		return nil
	}))
	var fn *weir.Lambda
	switch {
	case source == "aws:sqs":
		fn = weir.SQS(each, all)
	case source == "aws:kinesis":
		fn = weir.Kinesis(each, all)
	case source == "aws:dynamodb":
		fn = weir.DynamoDB(each, all)
	case strings.HasSuffix(strings.ToLower(source), "kafka"):
		fn = weir.Kafka(each, all)
	default:
		return nil, fmt.Errorf("%w: its payload is of %q, which is no source of weir's", ErrNotLetter, source)
	}
	if _, err := fn.Invoke(context.Background(), event); err != nil {
		return nil, fmt.Errorf("%w: its payload: %w", ErrNotLetter, err)
	}
	return letters, nil
}
