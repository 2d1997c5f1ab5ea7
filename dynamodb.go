package weir

// DynamoDB makes a Lambda of the function for an Amazon DynamoDB Streams trigger, usually
// over a function that takes a Change[E].
//
// Failures are reported by dynamodb.SequenceNumber, never by eventID, which Lambda does not
// know; the rest of the batch goes on, see Kinesis. Source: "Configuring partial batch
// response with DynamoDB and Lambda", AWS Lambda Developer Guide.
func DynamoDB(v Verb, opts ...StreamOption) *Lambda {
	c := gather(opts, StreamOption.applyStream)
	return build(dynamoDBSource, v, c)
}

const dynamoDBName = "DynamoDB"

var dynamoDBSource = Source{Name: dynamoDBName, Decode: decodeDynamoDB, lane: appendItemKey}

func newDynamoDBEnvelope() envelope { return envelope{source: dynamoDBName, event: "aws:dynamodb"} }

func decodeDynamoDB(event []byte) ([]Message, error) {
	e := newDynamoDBEnvelope()
	return e.read(event, dynamoDBRecord, nil)
}

var (
	dynamoDBFields     = []string{"eventName", "dynamodb", "userIdentity", "eventSource", "eventSourceARN"}
	dynamoDBDataFields = []string{"SequenceNumber", "Keys", "NewImage", "OldImage", "ApproximateCreationDateTime"}
	identityFields     = []string{"type", "principalId"}
)

func dynamoDBRecord(e *envelope) {
	m := e.now
	m.item = e.newImage()
	body, ttl := false, false
	for e.Object(); e.MoreKeys(); {
		switch fieldOf(e.Key(), dynamoDBFields) {
		case "eventName":
			e.str("eventName", &m.item.kind)
		case "dynamodb":
			if e.isObject("dynamodb") {
				body = true
				dynamoDBData(e)
			}
		case "userIdentity":
			ttl = isTTL(e)
		case "eventSource":
			e.str("eventSource", &e.origin)
		case "eventSourceARN":
			e.str("eventSourceARN", &m.SourceARN)
		default:
			e.Skip()
		}
	}
	m.item.expired = ttl && m.item.kind == string(Remove)
	if !body {
		e.field = "dynamodb"
		e.damage("missing")
	}
}

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
			e.str("userIdentity.type", &kind)
		case "principalId":
			e.str("userIdentity.principalId", &principal)
		default:
			e.Skip()
		}
	}
	return kind == "Service" && principal == "dynamodb.amazonaws.com"
}

func dynamoDBData(e *envelope) {
	m := e.now
	for e.Object(); e.MoreKeys(); {
		switch fieldOf(e.Key(), dynamoDBDataFields) {
		case "SequenceNumber":
			e.str("dynamodb.SequenceNumber", &m.ID)
		case "Keys":
			m.item.keys = e.image("dynamodb.Keys")
			m.OrderingKey = m.item.keys
		case "NewImage":
			m.item.new = e.image("dynamodb.NewImage")
		case "OldImage":
			m.item.old = e.image("dynamodb.OldImage")
		case "ApproximateCreationDateTime":
			m.Time = e.seconds("dynamodb.ApproximateCreationDateTime")
		default:
			e.Skip()
		}
	}
}

// image returns the text of an attribute map, "" for null.
func (e *envelope) image(field string) string {
	e.field = field
	k := e.Kind()
	text := e.Skip()
	if k == '{' {
		return text
	}
	if k != 'n' {
		e.damage("%s, not an object", kindName(k))
	}
	return ""
}

// newImage allocates in chunks; pointers into earlier chunks stay valid.
func (e *envelope) newImage() *streamImage {
	if len(e.images) == cap(e.images) {
		e.images = make([]streamImage, 0, min(1024, max(1, 2*cap(e.images))))
	}
	e.images = append(e.images, streamImage{})
	return &e.images[len(e.images)-1]
}
