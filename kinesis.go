package weir

import (
	"strings"

	"github.com/weir-go/weir/internal/jsonscan"
)

// Kinesis makes a Lambda of the function for an Amazon Kinesis Data Streams trigger.
//
// Every failed record is reported by its sequence number and the rest of the batch goes on;
// Lambda then delivers everything from the lowest reported number on again, so handlers
// must bear a record twice, or use StopOnFailure. Source: "Configuring partial batch
// response with Kinesis", AWS Lambda Developer Guide.
//
// A record that never succeeds and comes first in its batch lets Lambda make no progress, and
// Lambda does not bisect a batch whose response is partial: when the retries are used up it
// discards the whole batch. With StopOnFailure and BisectBatchOnFunctionError only that record
// is discarded, since then nothing of the batch was done and the invocation fails.
func Kinesis(v Verb, opts ...StreamOption) *Lambda {
	c := newConfig()
	for i, o := range opts {
		if c.given(i, o) {
			o.applyStream(c)
		}
	}
	return build(&Source{Name: kinesisName, Decode: decodeKinesis}, v, c)
}

const kinesisName = "Kinesis"

func newKinesisFormat(windowed bool) *format {
	return &format{
		name: kinesisName, source: "aws:kinesis", record: kinesisRecord, windowed: windowed,
		top:   jsonscan.KeysOf("kinesis", "eventSource", "eventSourceARN", "eventID"),
		inner: jsonscan.KeysOf("sequenceNumber", "partitionKey", "data", "approximateArrivalTimestamp"),
	}
}

var kinesisFormat, kinesisWindowFormat = newKinesisFormat(false), newKinesisFormat(true)

func decodeKinesis(event []byte) ([]Message, error) { return kinesisFormat.decode(event, nil) }

func kinesisRecord(e *envelope) {
	for e.ObjectOf(&e.topKeys); !e.ends() && e.NextOf(&e.topKeys); {
		switch e.topKeys.Field {
		case 0:
			e.ending.from = 0
			if e.isObject("kinesis") {
				kinesisData(e)
			}
		case 1:
			e.eventSource()
		case 2:
			e.sourceARN()
		case 3:
			e.shard()
		default:
			e.Skip()
		}
	}
	e.learnEnding()
	if !e.body {
		e.field = "kinesis.data"
		e.damage("missing")
	}
}

// shard reads the shard out of an eventID, shardId-000000000006:4954...
func (e *envelope) shard() {
	if e.Kind() != '"' {
		e.Skip()
		return
	}
	id, _, ok := strings.Cut(e.view("eventID"), ":")
	if ok && id != e.lastShard {
		e.lastShard = strings.Clone(id)
	}
	if ok {
		e.now.Shard = e.lastShard
		e.ending.says(&e.ending.nowShard, e.lastShard)
	}
}

func kinesisData(e *envelope) {
	m := e.now
	for e.ObjectOf(&e.innerKeys); e.NextOf(&e.innerKeys); {
		switch e.innerKeys.Field {
		case 0:
			e.id("kinesis.sequenceNumber")
		case 1:
			e.str("kinesis.partitionKey", &m.OrderingKey)
		case 2:
			e.body = true
			e.base64Payload("kinesis.data")
		case 3:
			m.Time = e.seconds("kinesis.approximateArrivalTimestamp")
		default:
			e.Skip()
		}
	}
}

// CompareSequenceNumbers orders two sequence numbers of one Kinesis or DynamoDB shard. They
// are decimal texts of up to 56 digits, more than any integer type holds: the shorter is the
// lower, and texts of equal length compare digit by digit. The result is -1, 0 or +1.
func CompareSequenceNumbers(a, b string) int {
	switch {
	case len(a) < len(b):
		return -1
	case len(a) > len(b):
		return 1
	}
	return strings.Compare(a, b)
}
