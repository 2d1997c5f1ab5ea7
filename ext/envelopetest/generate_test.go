package envelopetest

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// generator writes events as text, in all the ways in which JSON can be written.
type generator struct {
	*rand.Rand
	hand bool // as a hand might: keys in any case, some of them twice
}

// one picks one of the choices.
func one[T any](g *generator, choices ...T) T { return choices[g.IntN(len(choices))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) space() string {
	if g.chance(80) {
		return ""
	}
	return one(g, " ", "\n", "\t", "\r\n", "   \t")
}

// field is a key and its value as JSON text.
type field struct{ key, value string }

// object writes fields in random order, unknown ones among them. Of a field that stands
// twice, the one given counts, for it comes last.
func (g *generator) object(fields []field, own bool) string {
	for range g.IntN(3) {
		fields = append(fields, field{one(g, "x", "", "\u00e9", "Records2", "bodyy", "\u0000", "s\u0131ze"), g.value(2)})
	}
	g.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	var b strings.Builder
	b.WriteString("{" + g.space())
	member := func(key, value string) {
		if b.Len() > 1 && strings.ContainsRune(b.String()[1:], ':') {
			b.WriteString("," + g.space())
		}
		b.WriteString(g.quote(key) + g.space() + ":" + g.space() + value + g.space())
	}
	for _, f := range fields {
		if own && g.hand && g.chance(10) && strings.HasPrefix(f.value, `"`) {
			member(f.key, g.quote(one(g, "1", "", "QUJD")))
		}
		key := f.key
		if own && g.hand && g.chance(20) {
			key = one(g, strings.ToUpper(key), strings.ToLower(key), strings.ReplaceAll(key, "s", "\u017f"), strings.ReplaceAll(key, "k", "\u212a"))
		}
		member(key, f.value)
	}
	return b.String() + "}"
}

func (g *generator) list(n int, item func() string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = g.space() + item() + g.space()
	}
	return "[" + strings.Join(items, ",") + "]"
}

// quote writes a string with random escapes.
func (g *generator) quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r < ' ' || r == '"' || r == '\\' || g.chance(3):
			switch i := strings.IndexRune("\"\\/\b\f\n\r\t", r); {
			case i >= 0 && g.chance(70):
				b.WriteString(`\` + `"\/bfnrt`[i:i+1])
			case r > 0xffff:
				fmt.Fprintf(&b, `\u%04x\u%04X`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
			default:
				fmt.Fprintf(&b, one(g, `\u%04x`, `\u%04X`), r)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// text writes a string of any content, what is not UTF-8 and half surrogate pairs included.
func (g *generator) text() string {
	var b strings.Builder
	for range g.IntN(8) {
		b.WriteString(one(g, "a", "order", `{"id":1}`, "\u00e9\u00df", "\u65e5\u672c", "\U0001f600", "\x00", "\n\t", `"`, `\`, "/", "<&>", "\u2028", "\ufffd", strings.Repeat("x", g.IntN(40))))
	}
	quoted := g.quote(b.String())
	if g.chance(10) {
		quoted = quoted[:len(quoted)-1] + one(g, `\ud800`, `\udc00`, `\ud83dx`, `\ud83d\ud83d\ude00`, "\xff", "\xe6\x97", "\xed\xa0\x80") + `"`
	}
	return quoted
}

// value writes any JSON value.
func (g *generator) value(depth int) string {
	kind := g.IntN(8)
	if depth == 0 {
		kind = g.IntN(6)
	}
	switch kind {
	case 0, 1:
		return g.text()
	case 2:
		return one(g, "0", "-1", "1.5", "1e9", "-0.0", "12345678901234567890123456789", "2E-7")
	case 3:
		return one(g, "true", "false")
	case 4:
		return "null"
	case 5:
		return one(g, "{}", "[]")
	case 6:
		return g.list(g.IntN(3), func() string { return g.value(depth - 1) })
	}
	return g.object([]field{{"k", g.value(depth - 1)}}, false)
}

func (g *generator) binary() string {
	b := make([]byte, g.IntN(60))
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	text := base64.StdEncoding.EncodeToString(b)
	if g.chance(5) && len(text) > 4 {
		text = text[:4] + one(g, "\n", "\r\n") + text[4:]
	}
	return g.quote(text)
}

// some keeps about nine of ten fields.
func (g *generator) some(fields ...field) []field {
	kept := fields[:0]
	for _, f := range fields {
		if g.chance(90) {
			kept = append(kept, f)
		}
	}
	return kept
}

func (g *generator) event(record func() string) []byte {
	records := field{"Records", g.list(g.IntN(6), record)}
	return []byte(g.space() + g.object([]field{records}, false) + g.space())
}

func (g *generator) sqsRecord() string {
	ms := func() string { return g.quote(strconv.FormatInt(g.Int64N(4e12), 10)) }
	system := g.some(
		field{"ApproximateReceiveCount", g.quote(strconv.Itoa(g.IntN(1000)))}, field{"SentTimestamp", ms()},
		field{"SenderId", g.text()}, field{"ApproximateFirstReceiveTimestamp", ms()}, field{"SequenceNumber", g.quote("18850000000000000001")},
		field{"MessageGroupId", g.text()}, field{"MessageDeduplicationId", g.text()}, field{"AWSTraceHeader", g.quote("Root=1-a;Sampled=1")},
	)
	queue := one(g, "orders", "orders.fifo", "fifo")
	fields := append(g.some(
		field{"messageId", one(g, g.text(), "null")}, field{"receiptHandle", g.text()}, field{"md5OfBody", g.text()},
		field{"md5OfMessageAttributes", one(g, "null", g.text())}, field{"attributes", one(g, g.attributes(system), "null", "{}")},
		field{"messageAttributes", g.messageAttributes()}, field{"eventSource", one(g, g.quote("aws:sqs"), `""`, "null")},
		field{"eventSourceARN", g.quote("arn:aws:sqs:eu-west-1:111122223333:" + queue)}, field{"awsRegion", g.quote("eu-west-1")},
	), field{"body", g.text()})
	return g.object(fields, true)
}

// attributes is an object of strings only, as aws-lambda-go needs it.
func (g *generator) attributes(fields []field) string {
	g.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	items := make([]string, len(fields))
	for i, f := range fields {
		items[i] = g.quote(f.key) + ":" + f.value
	}
	return "{" + g.space() + strings.Join(items, g.space()+","+g.space()) + "}"
}

func (g *generator) messageAttributes() string {
	if g.chance(10) {
		return "null"
	}
	var fields []field
	for i := range g.IntN(3) {
		a := []field{{"stringListValues", "[]"}, {"binaryListValues", "[]"}}
		if g.chance(50) {
			a = append(a, field{"dataType", g.quote(one(g, "String", "Number", "String.x"))}, field{"stringValue", one(g, g.text(), "null")})
		} else {
			a = append(a, field{"dataType", g.quote("Binary")}, field{"binaryValue", one(g, g.binary(), "null")})
		}
		fields = append(fields, field{one(g, "kind", "\u00e9", "a.b") + strconv.Itoa(i), g.object(a, false)})
	}
	return g.attributes(fields)
}

// seconds is a time as AWS's various encoders write it.
func (g *generator) seconds() string {
	sec := g.Int64N(4e9)
	switch g.IntN(6) {
	case 0:
		return strconv.FormatInt(sec, 10)
	case 1:
		return fmt.Sprintf("%d.%03d", sec, g.IntN(1000))
	case 2:
		return strconv.FormatFloat(float64(sec)+g.Float64(), 'E', -1, 64)
	case 3:
		return fmt.Sprintf("%d.%d", sec, g.Uint64())
	case 4:
		return fmt.Sprintf("%d.0", sec)
	}
	return one(g, "0", "1.76e9", "1760000000.25", "-0", "0.000000001")
}

func (g *generator) kinesisRecord() string {
	inner := append(g.some(
		field{"kinesisSchemaVersion", g.quote("1.0")}, field{"partitionKey", g.text()},
		field{"sequenceNumber", g.quote("49600000000000000000000000000000000000000000000000" + strconv.Itoa(g.IntN(1e6)))},
		field{"approximateArrivalTimestamp", g.seconds()}, field{"encryptionType", one(g, g.quote("KMS"), "null")},
	), field{"data", one(g, g.binary(), g.binary(), g.binary(), "null")})
	fields := append(g.some(
		field{"eventSource", g.quote("aws:kinesis")}, field{"eventVersion", g.quote("1.0")}, field{"eventID", g.quote("shardId-000000000003:496")},
		field{"eventName", g.quote("aws:kinesis:record")}, field{"invokeIdentityArn", g.text()}, field{"awsRegion", g.quote("eu-west-1")},
		field{"eventSourceARN", one(g, g.quote("arn:aws:kinesis:eu-west-1:111122223333:stream/clicks"), "null")},
	), field{"kinesis", g.object(inner, true)})
	return g.object(fields, true)
}

// item is a DynamoDB item.
func (g *generator) item(depth int) string {
	var fields []field
	for i := range g.IntN(4) {
		fields = append(fields, field{one(g, "id", "\u00e9", "n", "a.b") + strconv.Itoa(i), g.attribute(depth)})
	}
	return g.attributes(fields)
}

func (g *generator) attribute(depth int) string {
	number := func() string { return g.quote(one(g, "3", "-1.5", "12345678901234567890123456789012345678", "1E-5")) }
	kind := g.IntN(10)
	if depth == 0 {
		kind = g.IntN(8)
	}
	key, value := "", ""
	switch kind {
	case 0, 1:
		key, value = "S", g.text()
	case 2:
		key, value = "N", number()
	case 3:
		key, value = "B", g.binary()
	case 4:
		key, value = "BOOL", one(g, "true", "false")
	case 5:
		key, value = "NULL", "true"
	case 6:
		key, value = "SS", g.list(1+g.IntN(2), g.text)
	case 7:
		key, value = one(g, "NS", "BS"), ""
		if value = g.list(1+g.IntN(2), number); key == "BS" {
			value = g.list(1+g.IntN(2), g.binary)
		}
	case 8:
		key, value = "L", g.list(g.IntN(3), func() string { return g.attribute(depth - 1) })
	case 9:
		key, value = "M", g.item(depth-1)
	}
	return g.attributes([]field{{key, value}})
}

func (g *generator) dynamoDBRecord() string {
	inner := g.some(
		field{"ApproximateCreationDateTime", g.seconds()}, field{"Keys", g.item(0)}, field{"NewImage", g.item(2)}, field{"OldImage", g.item(2)},
		field{"SequenceNumber", g.quote("100000000000000000" + strconv.Itoa(g.IntN(1e6)))}, field{"SizeBytes", strconv.Itoa(g.IntN(1e5))},
		field{"StreamViewType", g.quote("NEW_AND_OLD_IMAGES")},
	)
	identity := g.object([]field{{"type", g.quote(one(g, "Service", "User"))}, {"principalId", g.quote(one(g, "dynamodb.amazonaws.com", "x"))}}, true)
	fields := append(g.some(
		field{"eventSource", g.quote("aws:dynamodb")}, field{"eventVersion", g.quote("1.1")}, field{"eventID", g.text()},
		field{"eventName", g.quote(one(g, "INSERT", "MODIFY", "REMOVE"))}, field{"userIdentity", one(g, "null", identity)},
		field{"awsRegion", g.quote("eu-west-1")}, field{"eventSourceARN", g.quote("arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/1")},
	), field{"dynamodb", g.object(inner, true)})
	return g.object(fields, true)
}
