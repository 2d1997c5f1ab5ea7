package weir

import "strconv"

// SQS makes a Lambda of the function for an Amazon SQS trigger, standard or FIFO. A queue
// is FIFO if its ARN ends in ".fifo".
//
// On a standard queue every failed message is reported. On a FIFO queue the first failure
// stops the batch: it and all messages not run are reported, so that none overtakes; see
// SkipGroup. A message that was not run has been received all the same: it may reach the
// dead-letter queue together with the one it waits for. Source: "Handling errors for an SQS event source", AWS Lambda Developer Guide.
func SQS(v Verb, opts ...SQSOption) *Lambda {
	c := gather(opts, SQSOption.applySQS)
	return build(Source{Name: "SQS", Decode: decodeSQS, fifo: true}, v, c)
}

func decodeSQS(event []byte) ([]Message, error) {
	e := envelope{source: "SQS", event: "aws:sqs"}
	return e.read(event, sqsRecord, nil)
}

var sqsFields = []string{"messageId", "body", "attributes", "eventSource", "eventSourceARN"}

func sqsRecord(e *envelope) {
	m := e.now
	group, body := "", false
	for e.Object(); e.MoreKeys(); {
		switch fieldOf(e.Key(), sqsFields) {
		case "messageId":
			e.str("messageId", &m.ID)
		case "body":
			body = true
			e.payload("body")
		case "attributes":
			if e.isObject("attributes") {
				sqsAttributes(e, &group)
			}
		case "eventSource":
			e.str("eventSource", &e.origin)
		case "eventSourceARN":
			e.str("eventSourceARN", &m.SourceARN)
		default:
			e.Skip()
		}
	}
	if isFIFO(m.SourceARN) {
		m.OrderingKey = group
	}
	if !body {
		e.field = "body"
		e.damage("missing")
	}
}

func sqsAttributes(e *envelope, group *string) {
	m := e.now
	for e.Object(); e.MoreKeys(); {
		switch e.Key() {
		case "ApproximateReceiveCount":
			text := e.word("ApproximateReceiveCount")
			if n, err := strconv.Atoi(text); err == nil && n >= 0 {
				m.Attempt = n
			} else if text != "" {
				e.damage("%q is not a count", clip(text))
			}
		case "SentTimestamp":
			m.Time = e.millis("SentTimestamp")
		case "MessageGroupId":
			e.str("MessageGroupId", group)
		default:
			e.Skip()
		}
	}
}
