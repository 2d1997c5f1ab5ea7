package weir

import (
	"math"
	"strconv"
	"strings"
)

// whole reads a whole number. Null is none.
func (e *kafkaEnvelope) whole(field string) (n int64, ok bool) {
	e.field = field
	if u, ok := e.Uint(); ok && u <= math.MaxInt64 {
		return int64(u), true
	} else if ok {
		e.damage("%d is no whole number of 64 bits", u)
		return 0, false
	}
	if k := e.Kind(); k != '0' {
		e.Skip()
		if k != 'n' {
			e.damage("%s, not a number", kindName(k))
		}
		return 0, false
	}
	text := e.Number()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		e.damage("%s is no whole number of 64 bits", clip(text))
	}
	return n, err == nil
}

// base64 reads a base64 field. It is nil for null, and not nil for "".
func (e *kafkaEnvelope) base64(field string) []byte {
	e.field = field
	if data, ok := e.plain64(); ok {
		return data
	}
	if k := e.Kind(); k != '"' {
		e.Skip()
		if k != 'n' {
			e.damage("%s, not a string", kindName(k))
		}
		return nil
	}
	data, err := e.decode64(e.String())
	if err != nil {
		e.damage("%w", err)
	}
	return data
}

// readHeaders reads a list of objects, each a header's name and its bytes.
func (e *kafkaEnvelope) readHeaders(k *KafkaRecord) {
	e.field = "headers"
	k.Headers = nil
	if kind := e.Kind(); kind != '[' {
		e.Skip()
		if kind != 'n' {
			e.damage("%s, not a list", kindName(kind))
		}
		return
	}
	start := len(e.headers)
	for e.Array(); e.MoreItems(); {
		if kind := e.Kind(); kind != '{' {
			e.Skip()
			if kind != 'n' {
				e.damage("%s among them, not an object", kindName(kind))
			}
			continue
		}
		for e.Object(); e.MoreKeys(); {
			name := e.Key()
			i := len(e.headers) - start
			if len(e.headers) == cap(e.headers) {
				e.moreHeaders(start)
				start = 0
			}
			if i < len(e.before) && e.before[i].Name == name {
				name = e.before[i].Name
			} else {
				name = e.keep(name)
			}
			e.headers = append(e.headers, KafkaHeader{name, e.byteList(name)})
		}
	}
	if n := len(e.headers); n > start {
		k.Headers = KafkaHeaders(e.headers[start:n:n])
	}
}

// moreHeaders makes a new chunk of headers, which begins with those from start on.
func (e *kafkaEnvelope) moreHeaders(start int) {
	const most = 256
	some := e.headers[start:]
	more := max(1, len(some), min(most, cap(e.msgs)-len(e.msgs)))
	e.headers = append(make([]KafkaHeader, 0, len(some)+more), some...)
}

// byteList reads bytes as a list of numbers, which may be signed, as in Java, or not.
func (e *kafkaEnvelope) byteList(header string) []byte {
	if k := e.Kind(); k != '[' {
		e.Skip()
		if k != 'n' {
			e.damage("%q is %s, not a list of bytes", clip(header), kindName(k))
		}
		return nil
	}
	for range 2 {
		if n, ok := e.ByteList(e.memory.Rest()); ok {
			return e.memory.Take(n)
		}
		if !e.memory.More() {
			break
		}
	}
	var list []byte
	for e.Array(); e.MoreItems(); {
		n, err := int64(0), error(nil)
		text := ""
		if k := e.Kind(); k == '0' {
			text = e.Number()
			n, err = strconv.ParseInt(text, 10, 64)
		} else {
			text, err = e.Skip(), strconv.ErrSyntax
		}
		if err != nil || n < math.MinInt8 || n > math.MaxUint8 {
			e.damage("%q has %s among its bytes", clip(header), clip(text))
		}
		list = append(list, byte(n))
	}
	return e.memory.Copy(list)
}

// schemaSeen is the schema of the record before, which most share.
type schemaSeen struct {
	raw   string // as it stands in the event
	value *KafkaSchema
}

var schemaFields = []string{"dataFormat", "schemaId"}

// schema reads what a schema registry's mapping adds to a record. It is nil for null.
func (e *kafkaEnvelope) schema(field string, seen *schemaSeen) *KafkaSchema {
	if e.Literal(seen.raw) {
		return seen.value
	}
	if !e.isObject(field) {
		return nil
	}
	s := new(KafkaSchema)
	start := e.Offset()
	for e.Object(); e.MoreKeys(); {
		switch fieldOf(e.Key(), schemaFields) {
		case "dataFormat":
			s.DataFormat = strings.Clone(e.view(field + ".dataFormat"))
		case "schemaId":
			if e.Kind() == '0' {
				s.SchemaID = strings.Clone(e.Number())
			} else {
				s.SchemaID = strings.Clone(e.view(field + ".schemaId"))
			}
		default:
			e.Skip()
		}
	}
	if e.Err() == nil && e.now.bad == nil {
		*seen = schemaSeen{strings.Clone(e.text[start:e.Offset()]), s}
	}
	return s
}
