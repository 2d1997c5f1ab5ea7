package weir

import (
	"strconv"

	"github.com/weir-go/weir/internal/jsonscan"
)

// SQS makes a Lambda of the function for an Amazon SQS trigger, standard or FIFO. A queue
// is FIFO if its ARN ends in ".fifo".
//
// On a standard queue every failed message is reported. On a FIFO queue the first failure
// stops the batch: it and all messages not run are reported, so that none overtakes; see
// SkipGroup. A message that was not run has been received all the same: it may reach the
// dead-letter queue together with the one it waits for. Source: "Handling errors for an SQS event source", AWS Lambda Developer Guide.
func SQS(v Verb, opts ...SQSOption) *Lambda {
	c := newConfig()
	for i, o := range opts {
		if c.given(i, o) {
			o.applySQS(c)
		}
	}
	return build(&Source{Name: sqsName, Decode: decodeSQS, fifo: true}, v, c)
}

const sqsName = "SQS"

var sqsFormat = &format{
	name: sqsName, source: "aws:sqs", record: sqsRecord,
	top:   jsonscan.KeysOf("messageId", "body", "attributes", "eventSource", "eventSourceARN"),
	inner: jsonscan.ExactKeysOf("ApproximateReceiveCount", "SentTimestamp", "MessageGroupId"),
	own:   func() learner { return new(jsonscan.Phrases) }, // of bodies
}

func decodeSQS(event []byte) ([]Message, error) { return sqsFormat.decode(event, nil) }

func sqsRecord(e *envelope) {
	m := e.now
	for e.ObjectOf(&e.topKeys); !e.ends() && e.NextOf(&e.topKeys); {
		switch e.topKeys.Field {
		case 0:
			e.ending.from = 0
			e.id("messageId")
		case 1:
			e.ending.from = 0
			e.body = true
			phrases, _ := e.own.(*jsonscan.Phrases)
			e.payload("body", phrases)
		case 2:
			e.ending.from = 0
			if e.isObject("attributes") {
				sqsAttributes(e)
			}
		case 3:
			e.eventSource()
		case 4:
			e.sourceARN()
		default:
			e.Skip()
		}
	}
	e.learnEnding()
	if isFIFO(m.SourceARN) {
		m.OrderingKey = e.keep(e.group)
	}
	if !e.body {
		e.field = "body"
		e.damage("missing")
	}
}

func sqsAttributes(e *envelope) {
	m := e.now
	for e.ObjectOf(&e.innerKeys); e.NextOf(&e.innerKeys); {
		switch e.innerKeys.Field {
		case 0:
			text := e.view("ApproximateReceiveCount")
			if n, err := strconv.Atoi(text); err == nil && n >= 0 {
				m.Attempt = n
			} else if text != "" {
				e.damage("%q is not a count", clip(text))
			}
		case 1:
			m.Time = e.millis("SentTimestamp")
		case 2:
			if e.Kind() != 'n' {
				e.group = e.view("MessageGroupId")
			} else {
				e.Null()
			}
		default:
			e.Skip()
		}
	}
}
