package deadletter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

// view is all that a handler can see of a record.
func view(m *weir.Message) string {
	c := *m
	var attrs []string
	for k, v := range m.Attributes() {
		if k != "receiptHandle" {
			attrs = append(attrs, k+"="+v)
		}
	}
	return fmt.Sprintf("%q %q %q %q %q nil=%v %v %d %q\nattrs %q\nmessage attrs %q\nkafka %s",
		c.ID, c.SourceARN, c.OrderingKey, c.Shard, c.Payload, c.Payload == nil, c.Time.UnixNano(), c.Attempt, c.Part,
		attrs, fmt.Sprintf("%#v", m.MessageAttributes()), kafkaView(c.Kafka))
}

func kafkaView(k *weir.KafkaRecord) string {
	if k == nil {
		return "none"
	}
	s := fmt.Sprintf("%q %d %d %#v %q", k.Topic, k.Partition, k.Offset, k.Key, k.TimestampType)
	for _, h := range k.Headers {
		s += fmt.Sprintf(" %q=%#v", h.Name, h.Value)
	}
	for _, sc := range []*weir.KafkaSchema{k.KeySchema, k.ValueSchema} {
		if sc != nil {
			s += fmt.Sprintf(" %q", *sc)
		}
	}
	return s
}

type lambda func(weir.Verb, weir.FlowOption) *weir.Lambda

var sources = map[string]lambda{
	"SQS":      func(v weir.Verb, o weir.FlowOption) *weir.Lambda { return weir.SQS(v, o) },
	"Kinesis":  func(v weir.Verb, o weir.FlowOption) *weir.Lambda { return weir.Kinesis(v, o) },
	"DynamoDB": func(v weir.Verb, o weir.FlowOption) *weir.Lambda { return weir.DynamoDB(v, o) },
	"Kafka":    func(v weir.Verb, o weir.FlowOption) *weir.Lambda { return weir.Kafka(v, o) },
}

// dropAll gives all records of an event up. It returns what was seen of them, and their letters.
func dropAll(t testing.TB, source string, event []byte) (seen, raws []string, letters []deadletter.Letter) {
	t.Helper()
	var b box
	look := func(m *weir.Message) error {
		seen, raws = append(seen, view(m)), append(raws, m.Raw())
		return weir.Drop(errNo)
	}
	fn := sources[source](weir.EachMessage(func(_ context.Context, m *weir.Message) error { return look(m) }), weir.FlowOptions(deadletter.To(&b),
		weir.OnUndecodable(func(_ context.Context, m *weir.Message, _ error) error { return look(m) })))
	if _, err := fn.Invoke(t.Context(), event); err != nil {
		t.Fatalf("%v\n%s", err, event)
	}
	return seen, raws, b.letters
}

// TestRoundTrip: a record of any source, whatever is in it, comes back as it was: through the letter as JSON, as a
// message, as an event, and also where the original record was left out.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	for range 40 {
		for source := range sources {
			event := randomEvent(r, source)
			seen, raws, letters := dropAll(t, source, event)
			assert.Equal(t, len(letters), len(seen))
			for i := range letters {
				checkBack(t, source, &letters[i], seen[i], raws[i])
			}
		}
	}
}

// TestWithinJSON: a letter is one wherever it stands in other JSON, as a value too.
func TestWithinJSON(t *testing.T) {
	t.Parallel()
	l := deadletter.Letter{ID: "a", Reason: deadletter.ReasonDropped, Error: "no", Payload: []byte("\xff")}
	for name, v := range map[string]any{"value": l, "pointer": &l, "list": []deadletter.Letter{l}} {
		data, err := json.Marshal(v)
		assert.NoError(t, err)
		for got, err := range deadletter.Read(bytes.NewReader(data)) {
			assert.NoError(t, err)
			assert.Equal(t, got.Equal(&l), true, name)
		}
	}
}

func checkBack(t testing.TB, source string, l *deadletter.Letter, seen, raw string) {
	t.Helper()
	data, err := l.Encode()
	assert.NoError(t, err)
	if !json.Valid(data) || bytes.ContainsAny(data, "\n") {
		t.Fatalf("%s", data)
	}
	m, err := l.Message()
	assert.NoError(t, err)
	assert.Equal(t, view(m), seen)
	assert.Equal(t, m.Raw(), raw)

	event, err := l.Event()
	assert.NoError(t, err)
	again, _, letters := dropAll(t, source, event)
	assert.Equal(t, again, []string{seen}, string(event))
	assert.Equal(t, letters[0].ID, l.ID)

	if source == "DynamoDB" {
		if _, err := l.Original(); !errors.Is(err, deadletter.ErrNoContent) {
			t.Fatalf("%v", err)
		}
		return
	}
	body, err := l.Original()
	assert.NoError(t, err)
	assert.Equal(t, body, l.Payload)

	short, err := l.Fit(t.Context(), len(data)-1, nil)
	if err != nil { // nothing can be left out
		t.Fatal(err)
	}
	less, err := deadletter.Parse(short)
	assert.NoError(t, err)
	assert.Equal(t, less[0].RecordOmitted, len(raw))
	m, err = less[0].Message()
	assert.NoError(t, err)
	if source == "Kafka" { // the only one whose attributes all are fields
		assert.Equal(t, view(m), seen)
	}
	c := *m
	c.SetRaw(nil)
	assert.Equal(t, m.Payload, l.Payload)
	if !reflect.DeepEqual(m.MessageAttributes(), l.MessageAttributes) && len(l.MessageAttributes) > 0 && strings.ToValidUTF8(fmt.Sprint(l.MessageAttributes), "") == fmt.Sprint(l.MessageAttributes) {
		t.Fatalf("%v\n%v", m.MessageAttributes(), l.MessageAttributes)
	}
	event, err = less[0].Event()
	assert.NoError(t, err)
	_, _, letters = dropAll(t, source, event)
	got := letters[0]
	assert.Equal(t, fmt.Sprintf("%q %q %v %d %q", got.RecordID, got.OrderingKey, got.Time, got.Attempt, got.Payload),
		fmt.Sprintf("%q %q %v %d %q", l.RecordID, l.OrderingKey, l.Time, l.Attempt, l.Payload))
	assert.Equal(t, got.ID, l.ID)
}

var odd = []string{"", "x", `{"a":1}`, "<&>\u2028\uFFFD", "\uFFFE\uFFFF", "\x00\x1f\"\\", "é€😀", strings.Repeat("long ", 100), "plain text"}

func pick(r *rand.Rand) string { return odd[r.IntN(len(odd))] }

func octets(r *rand.Rand) []byte {
	b := make([]byte, r.IntN(20))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func randomEvent(r *rand.Rand, source string) []byte {
	at := time.UnixMilli(r.Int64N(1 << 42)).UTC()
	var e weirtest.Event
	switch source {
	case "SQS":
		rec := weirtest.Record{Value: pick(r), Time: at, Attempt: 1 + r.IntN(9), Attributes: map[string]string{"AWSTraceHeader": pick(r)},
			MessageAttributes: map[string]weir.MessageAttribute{
				"s": {DataType: "String.odd", String: pick(r)}, "n": {DataType: "Number", String: "1e3"}, "b": {DataType: "Binary", Binary: append([]byte{1}, octets(r)...)},
			}}
		e = weirtest.SQS(rec, rec)
		if r.IntN(2) == 0 {
			e = weirtest.FIFO(rec, rec)
		}
		if data := e.JSON(); r.IntN(2) == 0 { // no UTF-8 and other spelling
			data = bytes.ReplaceAll(data, []byte("1e3"), []byte("\xff\xfe <"))
			if r.IntN(2) == 0 {
				data = bytes.ReplaceAll(data, []byte("\xff\xfe <"), []byte("7"))
			}
			return bytes.ReplaceAll(data, []byte(`"String.odd"`), []byte(` "String.odd" `))
		}
	case "Kinesis":
		e = weirtest.Kinesis(weirtest.Record{Value: octets(r), Time: at, OrderingKey: "k" + pick(r)}, octets(r))
	case "DynamoDB":
		e = weirtest.DynamoDB(weirtest.Table{Key: "id"}, weirtest.Inserted(map[string]any{"id": "x" + pick(r), "b": octets(r), "n": r.IntN(99)}))
	case "Kafka":
		rec := weirtest.Record{Value: octets(r), Key: octets(r), Time: at, Headers: weir.KafkaHeaders{{Name: pick(r), Value: octets(r)}, {Name: pick(r)}},
			ValueSchema: &weir.KafkaSchema{DataFormat: "AVRO", SchemaID: "7"}}
		e = weirtest.Kafka(rec, nil, weirtest.Record{Value: octets(r), OrderingKey: "orders-12"})
		if r.IntN(2) == 0 {
			e = e.From("broker-1:9092")
		}
	}
	return e.JSON()
}

// Damaged records are put aside too, and come back as damaged as they were.
func TestRoundTripOfDamage(t *testing.T) {
	t.Parallel()
	for _, event := range []string{
		`{"Records":[{"messageId":"1","eventSource":"aws:sqs","body":7,"attributes":{"ApproximateReceiveCount":"1"}}]}`,
		`{"Records":[{"eventSource":"aws:sqs","body":"x","eventSourceARN":"arn:aws:sqs:eu-west-1:1:q"}]}`,
		`{"Records":[{"messageId":"1","eventSource":"aws:sqs","body":"x","attributes":{"SentTimestamp":"9000000000000000"},"eventSourceARN":"a"}]}`,
	} {
		seen, raws, letters := dropAll(t, "SQS", []byte(event))
		m, err := letters[0].Message()
		assert.NoError(t, err)
		assert.Equal(t, view(m), seen[0])
		assert.Equal(t, m.Raw(), raws[0])
	}
}

// A letter's ID follows from source, identifier and part alone.
func TestIdentity(t *testing.T) {
	t.Parallel()
	id := func(source, record, part, payload string, err error) string {
		return deadletter.NewLetter(&weir.Message{SourceARN: source, ID: record, Part: part, Payload: []byte(payload)}, err).ID
	}
	first := id("s", "1", "", "x", errNo)
	assert.Equal(t, len(first), 32)
	assert.Equal(t, id("s", "1", "", "y", errors.New("another")), first)
	for _, other := range []string{id("s", "2", "", "x", errNo), id("t", "1", "", "x", errNo), id("s", "1", "0", "x", errNo), id("s1", "", "", "x", errNo), id("", "s1", "", "x", errNo)} {
		if other == first {
			t.Error("two records with one ID")
		}
	}
	if id("s", "", "", "x", errNo) == id("s", "", "", "y", errNo) {
		t.Error("records without identifier are one")
	}
}

// Sequence numbers are a shard's. DynamoDB does not tell the shard, so there the item's keys tell records apart; what
// SQS and Kafka name records by is their own anyway.
func TestIdentityWithinAShard(t *testing.T) {
	t.Parallel()
	id := func(m weir.Message) string { return deadletter.NewLetter(&m, errNo).ID }
	const kinesis, table = "arn:aws:kinesis:eu-west-1:1:stream/s", "arn:aws:dynamodb:eu-west-1:1:table/t/stream/x"
	for _, tt := range []struct {
		a, b weir.Message
		same bool
	}{
		{weir.Message{SourceARN: table, ID: "111", OrderingKey: `{"id":{"S":"a"}}`}, weir.Message{SourceARN: table, ID: "111", OrderingKey: `{"id":{"S":"b"}}`}, false},
		{weir.Message{SourceARN: kinesis, ID: "1", Shard: "shardId-0", OrderingKey: "k"}, weir.Message{SourceARN: kinesis, ID: "1", Shard: "shardId-1", OrderingKey: "k"}, false},
		{weir.Message{SourceARN: kinesis, ID: "1", Shard: "shardId-0", OrderingKey: "k"}, weir.Message{SourceARN: kinesis, ID: "1", Shard: "shardId-0", OrderingKey: "l"}, true},
		{weir.Message{SourceARN: "arn:aws:sqs:eu-west-1:1:q.fifo", ID: "1", OrderingKey: "g"}, weir.Message{SourceARN: "arn:aws:sqs:eu-west-1:1:q.fifo", ID: "1"}, true},
		{weir.Message{SourceARN: "b:9092", ID: "orders-1@7", Shard: "orders-1", OrderingKey: "orders-1"}, weir.Message{SourceARN: "b:9092", ID: "orders-1@7"}, true},
	} {
		assert.Equal(t, id(tt.a) == id(tt.b), tt.same, tt.a.ID, tt.a.OrderingKey)
	}

	var b box
	fn := weir.DynamoDB(weir.Each(func(context.Context, weir.Change[map[string]any]) error { return weir.Drop(errNo) }), deadletter.To(&b))
	for _, key := range []string{"a", "b", "a"} {
		c := weirtest.Inserted(map[string]any{"id": key})
		c.ID = "111"
		weirtest.Run(t.Context(), fn, weirtest.DynamoDB(weirtest.Table{Key: "id"}, c)).WantDone(t)
	}
	l := b.letters
	assert.Equal(t, []bool{l[0].ID == l[1].ID, l[0].ID == l[2].ID}, []bool{false, true})
	assert.Equal(t, l[0].DeduplicationID() == l[1].DeduplicationID(), false)
}

// What was out before has the ID that it had, so that a redrive knows both.
func TestIdentityStays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		source string
		event  weirtest.Event
		want   string
	}{
		{"SQS", weirtest.SQS("a"), "e43be66a6a4dbcb33295040964e696dc"},
		{"SQS", weirtest.FIFO(weirtest.In("g", "a")), "2ba330566e1059d04b1afc0080ac2bcb"},
		{"Kafka", weirtest.Kafka(weirtest.Record{Key: "k", Value: "a"}), "9d59cdc13e364d9625ae4ba8cabd9e12"},
	} {
		_, _, letters := dropAll(t, tt.source, tt.event.JSON())
		assert.Equal(t, letters[0].ID, tt.want)
		assert.Equal(t, letters[0].OriginID(), tt.want)
	}
}

// Letters of one record and of its parts have one origin.
func TestOriginID(t *testing.T) {
	t.Parallel()
	letter := func(m weir.Message) *deadletter.Letter { return deadletter.NewLetter(&m, errNo) }
	whole := letter(weir.Message{ID: "1", Shard: "s"})
	part := letter(weir.Message{ID: "1", Shard: "s", Part: "0"})
	assert.Equal(t, []string{whole.OriginID(), part.OriginID()}, []string{whole.ID, whole.ID})
	assert.Equal(t, letter(weir.Message{ID: "1", Shard: "r"}).OriginID() == whole.ID, false)
	unnamed := letter(weir.Message{Payload: []byte("x")})
	assert.Equal(t, unnamed.OriginID(), unnamed.ID)
}

type cellar struct {
	letters []*deadletter.Letter
	err     error
}

func (c *cellar) Store(_ context.Context, l *deadletter.Letter) (string, error) {
	c.letters = append(c.letters, l)
	return "s3://cellar/" + l.ID, c.err
}

// What does not fit goes without its original, then to the archive, and never in part.
func TestFit(t *testing.T) {
	t.Parallel()
	_, _, letters := dropAll(t, "SQS", weirtest.SQS(strings.Repeat("x", 1000)).JSON())
	l := &letters[0]
	whole, err := l.Encode()
	assert.NoError(t, err)
	got, err := l.Fit(t.Context(), len(whole), nil)
	assert.NoError(t, err)
	assert.Equal(t, string(got), string(whole))

	short, err := l.Fit(t.Context(), len(whole)-1, nil)
	assert.NoError(t, err)
	if bytes.Contains(short, []byte(`"record":`)) || !bytes.Contains(short, []byte(`"recordOmitted":`)) || len(short) > len(whole)-1000 {
		t.Errorf("%s", short)
	}
	var large *deadletter.TooLargeError
	_, err = l.Fit(t.Context(), len(short)-1, nil)
	if !errors.As(err, &large) || large.Size != len(short) || large.Limit != len(short)-1 {
		t.Errorf("%v", err)
	}

	var c cellar
	pointer, err := l.Fit(t.Context(), len(short)-1, &c)
	assert.NoError(t, err)
	back, err := deadletter.Parse(pointer)
	assert.NoError(t, err)
	assert.Equal(t, []any{back[0].Elsewhere, back[0].ID, back[0].RecordID, back[0].Payload == nil}, []any{"s3://cellar/" + l.ID, l.ID, l.RecordID, true})
	if !c.letters[0].Equal(l) {
		t.Error("another letter is in the cellar")
	}
	if _, err := back[0].Message(); !errors.Is(err, deadletter.ErrElsewhere) {
		t.Errorf("%v", err)
	}
	if _, err := l.Fit(t.Context(), 10, &c); !errors.As(err, &large) {
		t.Errorf("%v", err)
	}
	c.err = errNo
	_, err = l.Fit(t.Context(), len(short)-1, &c)
	assert.Error(t, err, "no")
}

// What points to the whole letter fits too, whatever the error is.
func TestFitOfLongErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("\x01", 60_000), strings.Repeat("é", 30_000), strings.Repeat("\xff", 60_000), strings.Repeat("x", 2_000)} {
		l := &deadletter.Letter{ID: "1", Reason: deadletter.ReasonPermanent, Error: text, ErrorTypes: []string{strings.Repeat("t", 1_000)}, Stack: strings.Repeat("s", 5_000), Payload: []byte("x")}
		for _, limit := range []int{1_024, 4_096, 30_000} {
			var c cellar
			data, err := l.Fit(t.Context(), limit, &c)
			assert.NoError(t, err)
			letters, err := deadletter.Parse(data)
			assert.NoError(t, err)
			if len(data) > limit || len(c.letters) == 1 && !strings.HasSuffix(letters[0].Error, "... (the rest is in the whole letter)") && letters[0].Error != text {
				t.Errorf("%d bytes for %d: %.100q", len(data), limit, letters[0].Error)
			}
			if len(c.letters) == 1 && (letters[0].Elsewhere != "s3://cellar/1" || !c.letters[0].Equal(l)) {
				t.Errorf("elsewhere %q", letters[0].Elsewhere)
			}
		}
	}
}

// A record that looks like what stands for bytes is itself all the same.
func TestRecordLikeBytes(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`{"base64":"aGk="}`, `{"base64":"not"}`, `{"base64":null}`, `{"b\u0061se64":"aGk="}`, `{"base64":"","base64":"aGk="}`, `{"base64":{"base64":"aGk="}}`, `{"base64":"aGk=","x":1}`, `{}`, ` {"base64":"aGk="}`} {
		m := weir.Message{ID: "1", Payload: []byte("hi")}
		m.SetRaw([]byte(raw))
		data, err := deadletter.NewLetter(&m, errNo).Encode()
		assert.NoError(t, err)
		letters, err := deadletter.Parse(data)
		assert.NoError(t, err)
		assert.Equal(t, string(letters[0].Record), raw)
	}
}

// What was unwrapped keeps its envelope, which is all that the source can be given again; a part may go without.
func TestFitOfWhatWasUnwrapped(t *testing.T) {
	t.Parallel()
	for _, parts := range []bool{false, true} {
		var b box
		open := func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
			if parts {
				return []weir.Message{m.WithPart(0, []byte("inside"))}, nil
			}
			return []weir.Message{m.With([]byte("inside"))}, nil
		}
		fn := weir.SQS(weir.Unwrap(weir.Each(fails(weir.Drop(errNo))), open), deadletter.To(&b))
		weirtest.Run(t.Context(), fn, weirtest.SQS("outside"))
		l := &b.letters[0]
		assert.Equal(t, string(l.Payload), "inside")
		body, err := l.Original()
		assert.NoError(t, err)
		assert.Equal(t, string(body), "outside")
		whole, err := l.Encode()
		assert.NoError(t, err)
		short, err := l.Fit(t.Context(), len(whole)-1, nil)
		if !parts {
			var large *deadletter.TooLargeError
			assert.Equal(t, errors.As(err, &large), true)
			continue
		}
		assert.NoError(t, err)
		back, err := deadletter.Parse(short)
		assert.NoError(t, err)
		_, err = back[0].Original()
		assert.Error(t, err, "which carried this part: use Message")
		_, err = back[0].Event()
		assert.Error(t, err, "use Message")
		m, err := back[0].Message()
		assert.NoError(t, err)
		assert.Equal(t, m.Part+string(m.Payload), "0inside")
	}
}
