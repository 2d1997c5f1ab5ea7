package weir

import "strings"

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
	c := gather(opts, StreamOption.applyStream)
	return build(Source{Name: kinesisName, Decode: decodeKinesis}, v, c)
}

const kinesisName = "Kinesis"

func newKinesisEnvelope() envelope { return envelope{source: kinesisName, event: "aws:kinesis"} }

func decodeKinesis(event []byte) ([]Message, error) {
	e := newKinesisEnvelope()
	return e.read(event, kinesisRecord, nil)
}

var (
	kinesisFields     = []string{"kinesis", "eventSource", "eventSourceARN"}
	kinesisDataFields = []string{"sequenceNumber", "partitionKey", "data", "approximateArrivalTimestamp"}
)

func kinesisRecord(e *envelope) {
	m := e.now
	data := false
	for e.Object(); e.MoreKeys(); {
		switch fieldOf(e.Key(), kinesisFields) {
		case "kinesis":
			data = e.isObject("kinesis") && kinesisData(e) || data
		case "eventSource":
			e.str("eventSource", &e.origin)
		case "eventSourceARN":
			e.str("eventSourceARN", &m.SourceARN)
		default:
			e.Skip()
		}
	}
	if !data {
		e.field = "kinesis.data"
		e.damage("missing")
	}
}

func kinesisData(e *envelope) (data bool) {
	m := e.now
	for e.Object(); e.MoreKeys(); {
		switch fieldOf(e.Key(), kinesisDataFields) {
		case "sequenceNumber":
			e.str("kinesis.sequenceNumber", &m.ID)
		case "partitionKey":
			e.str("kinesis.partitionKey", &m.OrderingKey)
		case "data":
			data = true
			e.base64Payload("kinesis.data")
		case "approximateArrivalTimestamp":
			m.Time = e.seconds("kinesis.approximateArrivalTimestamp")
		default:
			e.Skip()
		}
	}
	return data
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
