package weir

import (
	"github.com/weir-go/weir/internal/attr"
	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// DynamoDB makes a Lambda of the function for an Amazon DynamoDB Streams trigger, usually
// over a function that takes a Change[E] or a NewImage[E].
//
// Failures are reported by dynamodb.SequenceNumber, never by eventID, which Lambda does not
// know; the rest of the batch goes on, see Kinesis. Source: "Configuring partial batch
// response with DynamoDB and Lambda", AWS Lambda Developer Guide.
func DynamoDB(v Verb, opts ...StreamOption) *Lambda {
	c := newConfig()
	for i, o := range opts {
		if c.given(i, o) {
			o.applyStream(c)
		}
	}
	return build(dynamoDBSource, v, c)
}

const dynamoDBName = "DynamoDB"

var dynamoDBSource = &Source{Name: dynamoDBName, Decode: decodeDynamoDB}

func newDynamoDBFormat(windowed bool) *format {
	return &format{
		name: dynamoDBName, source: "aws:dynamodb", record: dynamoDBRecord, windowed: windowed,
		top:   jsonscan.KeysOf("eventName", "dynamodb", "userIdentity", "eventSource", "eventSourceARN"),
		inner: jsonscan.KeysOf("SequenceNumber", "Keys", "NewImage", "OldImage", "ApproximateCreationDateTime"),
		own:   func() learner { return new(dynamoDBOwn) },
	}
}

var dynamoDBFormat, dynamoDBWindowFormat = newDynamoDBFormat(false), newDynamoDBFormat(true)

func decodeDynamoDB(event []byte) ([]Message, error) { return dynamoDBFormat.decode(event, nil) }

func dynamoDBRecord(e *envelope) {
	m := e.now
	own, _ := e.own.(*dynamoDBOwn)
	m.item = e.newImage(own)
	ttl := false
	for e.ObjectOf(&e.topKeys); e.NextOf(&e.topKeys); {
		switch e.topKeys.Field {
		case 0:
			e.eventName()
		case 1:
			if e.isObject("dynamodb") {
				e.body = true
				dynamoDBData(e, own)
			}
		case 2:
			ttl = isTTL(e)
		case 3:
			e.same("eventSource", &e.origin)
		case 4:
			e.sourceARN()
		default:
			e.Skip()
		}
	}
	m.item.expired = ttl && m.item.kind == Remove
	if len(m.item.keys) > memory.Shareable || len(m.item.kind) > memory.Shareable {
		alone := *m.item
		*m.item, m.item = streamImage{}, &alone
	}
	if !e.body {
		e.field = "dynamodb"
		e.damage("missing")
	}
}

// eventName reads what happened to the item.
func (e *envelope) eventName() {
	null := e.Kind() == 'n'
	switch text := e.view("eventName"); {
	case null:
	case text == string(Insert):
		e.now.item.kind = Insert
	case text == string(Modify):
		e.now.item.kind = Modify
	case text == string(Remove):
		e.now.item.kind = Remove
	default:
		e.now.item.kind = Kind(e.keep(text))
	}
}

var identityFields = []string{"type", "principalId"}

// isTTL reads a userIdentity and reports whether it is DynamoDB itself, which deletes expired
// items. Source: "Working with streams and TTL", Amazon DynamoDB Developer Guide.
func isTTL(e *envelope) bool {
	if e.Kind() != '{' {
		e.Skip()
		return false
	}
	var kind, principal string
	for e.Object(); e.MoreKeys(); {
		switch fieldOf(e.Key(), identityFields) {
		case "type":
			kind = e.view("userIdentity.type")
		case "principalId":
			principal = e.view("userIdentity.principalId")
		default:
			e.Skip()
		}
	}
	return kind == "Service" && principal == "dynamodb.amazonaws.com"
}

// dynamoDBOwn is what an envelope learns about images, and what is left of a chunk of them.
type dynamoDBOwn struct {
	keys, images attr.Outliner
	few          memory.Values[streamImage]
}

// begin makes ready for an event.
func (o *dynamoDBOwn) Begin() {
	o.keys.Begin()
	o.images.Begin()
}

func dynamoDBData(e *envelope, own *dynamoDBOwn) {
	m := e.now
	for e.ObjectOf(&e.innerKeys); e.NextOf(&e.innerKeys); {
		switch e.innerKeys.Field {
		case 0:
			e.str("dynamodb.SequenceNumber", &m.ID)
		case 1:
			keys := e.image("dynamodb.Keys", &own.keys)
			m.item.keys, m.item.keyed = e.keep(e.text[keys.at.from:keys.at.to]), keys.outline
			m.OrderingKey = m.item.keys
		case 2:
			m.item.new = e.image("dynamodb.NewImage", &own.images)
		case 3:
			m.item.old = e.image("dynamodb.OldImage", &own.images)
		case 4:
			m.Time = e.seconds("dynamodb.ApproximateCreationDateTime")
		default:
			e.Skip()
		}
	}
}

// image reads an attribute map. It is not given if it is null.
func (e *envelope) image(field string, o *attr.Outliner) image {
	e.field = field
	k := e.Kind()
	start := e.Offset()
	if k == '{' {
		if outline, end := o.Outline(e.text, start, &e.memory); end >= 0 {
			e.Jump(end)
			return image{spanOf(start, end), outline}
		}
	}
	text := e.Skip()
	if k == '{' && e.Err() == nil {
		o.Learn(text)
		return image{at: spanOf(start, start+len(text))}
	}
	if k != 'n' {
		e.damage("%s, not an object", kindName(k))
	}
	return image{}
}

// newImage allocates in chunks: for as many records as are expected, or for several small batches.
// Pointers into earlier chunks stay valid.
func (e *envelope) newImage(own *dynamoDBOwn) *streamImage {
	const small = 8
	if cap(e.msgs) <= small {
		return own.few.New()
	}
	if len(e.images) == cap(e.images) {
		e.images = make([]streamImage, 0, min(1024, 1+cap(e.msgs)-len(e.msgs)))
	}
	e.images = e.images[:len(e.images)+1]
	return &e.images[len(e.images)-1]
}
