package envelopetest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weir-go/weir"
)

// member is one key and value of a JSON object; duplicates stay.
type member struct {
	key   string
	value json.RawMessage
}

func (m member) kind() byte { return m.value[0] }

// is reports whether the key stands for one of the names, as encoding/json sees it.
func (m member) is(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(m.key, name) })
}

// str is the value of a string or null.
func (m member) str() (s string, ok bool) {
	if m.kind() != '"' && m.kind() != 'n' {
		return "", false
	}
	return s, json.Unmarshal(m.value, &s) == nil
}

// members splits the text of an object.
func members(object []byte) []member {
	d := json.NewDecoder(bytes.NewReader(object))
	must(d.Token())
	var all []member
	for d.More() {
		m := member{key: must(d.Token()).(string)}
		if err := d.Decode(&m.value); err != nil {
			panic(err)
		}
		all = append(all, m)
	}
	return all
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// repeats reports whether a key stands twice, seen as encoding/json does.
func repeats(all []member) bool {
	for i, m := range all {
		for _, n := range all[:i] {
			if strings.EqualFold(m.key, n.key) {
				return true
			}
		}
	}
	return false
}

var errSyntax = errors.New("it is not JSON")

// split returns the records' texts, or why weir should refuse the event.
func split(event []byte, origin string) ([]json.RawMessage, error) {
	if !json.Valid(event) {
		return nil, errSyntax
	}
	if bytes.TrimLeft(event, " \t\r\n")[0] != '{' {
		return nil, errors.New("it is not an object")
	}
	var list []byte
	for _, m := range members(event) {
		switch {
		case !strings.EqualFold(m.key, "Records"):
		case list != nil:
			return nil, errors.New("it has Records twice")
		case m.kind() != '[':
			return nil, errors.New("Records is not a list")
		default:
			list = m.value
		}
	}
	if list == nil {
		return nil, errors.New("it has no Records")
	}
	var records []json.RawMessage
	if err := json.Unmarshal(list, &records); err != nil {
		panic(err)
	}
	for i, r := range records {
		if r[0] != '{' {
			return nil, fmt.Errorf("record %d is not an object", i)
		}
		from := ""
		for _, m := range members(r) {
			if strings.EqualFold(m.key, "eventSource") && m.kind() != 'n' { // null leaves it as it is
				from, _ = m.str()
			}
		}
		if from != "" && from != origin {
			return nil, fmt.Errorf("record %d comes from %q", i, from)
		}
	}
	return records, nil
}

// text reads a string field into a row.
func (r *row) text(m member) string {
	s, ok := m.str()
	r.damaged = r.damaged || !ok
	return s
}

// set is text for a field that null leaves as it was.
func (r *row) set(field *string, m member) {
	if s := r.text(m); m.kind() == '"' {
		*field = s
	}
}

// object reports whether a field is one. Null is none, and does no harm.
func (r *row) object(m member) bool {
	r.damaged = r.damaged || m.kind() != '{' && m.kind() != 'n'
	return m.kind() == '{'
}

const lastSecond = 253402300799 // of year 9999

func modelSQS(record []byte) row {
	all := members(record)
	r := row{payload: []byte{}, custom: customs(all), pairs: pairs(all, true), differs: repeats(all)}
	body, group := false, ""
	for _, m := range all {
		switch strings.ToLower(fold(m.key)) {
		case "messageid":
			r.set(&r.id, m)
		case "body":
			body = true
			r.damaged = r.damaged || m.kind() == 'n'
			r.payload = []byte(r.text(m))
		case "eventsource":
			r.text(m)
		case "eventsourcearn":
			r.set(&r.arn, m)
		case "attributes":
			if r.object(m) {
				inner := members(m.value)
				r.differs = r.differs || repeats(inner)
				r.system(inner, &group)
			}
		}
	}
	r.damaged = r.damaged || !body
	if !strings.HasSuffix(r.arn, ".fifo") {
		group = ""
	}
	r.key = is(group)
	return r
}

// fold spells a key with the letters of ASCII where encoding/json takes it so.
func fold(key string) string {
	return strings.NewReplacer("ſ", "s", "\u212a", "k").Replace(key)
}

// system reads the attributes that SQS sets.
func (r *row) system(attributes []member, group *string) {
	for _, m := range attributes {
		switch m.key {
		case "ApproximateReceiveCount":
			s := r.text(m)
			n, err := strconv.Atoi(s)
			if err == nil && n >= 0 {
				r.attempt = n
			} else {
				r.damaged = r.damaged || s != ""
			}
		case "SentTimestamp":
			s := r.text(m)
			n, err := strconv.ParseInt(s, 10, 64)
			r.time = time.UnixMilli(n)
			if s == "" {
				r.time = time.Time{}
			} else {
				r.damaged = r.damaged || err != nil || n < 0 || n > lastSecond*1000
			}
		case "MessageGroupId":
			r.set(group, m)
		}
	}
}

func modelKinesis(record []byte) row {
	all := members(record)
	r := row{payload: []byte{}, pairs: pairs(all, true), differs: repeats(all)}
	data, key := false, ""
	for _, m := range all {
		switch strings.ToLower(fold(m.key)) {
		case "eventsource":
			r.text(m)
		case "eventsourcearn":
			r.set(&r.arn, m)
		case "kinesis":
			if !r.object(m) {
				continue
			}
			inner := members(m.value)
			r.differs = r.differs || repeats(inner)
			for _, m := range inner {
				switch strings.ToLower(fold(m.key)) {
				case "sequencenumber":
					r.set(&r.id, m)
				case "partitionkey":
					r.set(&key, m)
				case "data":
					data = true
					r.damaged = r.damaged || m.kind() == 'n'
					b, err := base64.StdEncoding.DecodeString(r.text(m))
					r.payload = b
					r.damaged = r.damaged || err != nil
				case "approximatearrivaltimestamp":
					r.seconds(m)
				}
			}
		}
	}
	r.damaged = r.damaged || !data
	r.key = is(key)
	return r
}

func modelDynamoDB(record []byte) row {
	all := members(record)
	r := row{pairs: pairs(all, true), differs: repeats(all)}
	body, keys := false, ""
	for _, m := range all {
		switch strings.ToLower(fold(m.key)) {
		case "eventname", "eventsource":
			r.text(m)
		case "eventsourcearn":
			r.set(&r.arn, m)
		case "useridentity":
			if m.kind() != '{' {
				continue
			}
			for _, m := range members(m.value) {
				switch strings.ToLower(fold(m.key)) {
				case "type", "principalid":
					r.text(m)
				}
			}
		case "dynamodb":
			if !r.object(m) {
				continue
			}
			body = true
			inner := members(m.value)
			r.differs = r.differs || repeats(inner)
			for _, m := range inner {
				switch strings.ToLower(fold(m.key)) {
				case "sequencenumber":
					r.set(&r.id, m)
				case "keys":
					keys = ""
					if m.kind() == '{' {
						keys = string(m.value)
					}
					r.damaged = r.damaged || m.kind() != '{' && m.kind() != 'n'
				case "newimage", "oldimage":
					r.damaged = r.damaged || m.kind() != '{' && m.kind() != 'n'
				case "approximatecreationdatetime":
					r.seconds(m)
				}
			}
		}
	}
	r.damaged = r.damaged || !body
	r.key = is(keys)
	return r
}

// seconds reads a number of seconds, of which no digit down to the nanosecond is lost when it
// is written without an exponent.
func (r *row) seconds(m member) {
	r.time, r.slack = time.Time{}, 0
	text := string(m.value)
	switch m.kind() {
	case 'n':
		r.differs = true // aws-lambda-go takes it for 1970
		return
	case '"', '{', '[', 't', 'f':
		r.damaged = true
		return
	}
	f, err := strconv.ParseFloat(text, 64)
	rounded := strings.ContainsAny(text, "eE") || len(text) > 400
	if err != nil || f < 0 || f >= lastSecond+1 || rounded && f > lastSecond {
		r.damaged = true
		return
	}
	if rounded {
		whole, part := math.Modf(f)
		r.time, r.slack = time.Unix(int64(whole), int64(part*1e9)), time.Millisecond
		return
	}
	exact, _ := new(big.Rat).SetString(text)
	exact.Mul(exact, big.NewRat(1e9, 1))
	ns := new(big.Int).Div(exact.Num(), exact.Denom())
	sec, rest := new(big.Int).DivMod(ns, big.NewInt(1e9), new(big.Int))
	r.time = time.Unix(sec.Int64(), rest.Int64())
}

// pairs lists what Attributes should yield.
func pairs(all []member, top bool) [][2]string {
	list := [][2]string{}
	for _, m := range all {
		switch k := m.kind(); {
		case k == '"' && m.is("body", "data"):
		case k == '"':
			s, _ := m.str()
			list = append(list, [2]string{m.key, s})
		case k == '-' || '0' <= k && k <= '9':
			list = append(list, [2]string{m.key, string(m.value)})
		case k == '{' && top && m.is("attributes", "kinesis", "dynamodb"):
			list = append(list, pairs(members(m.value), false)...)
		}
	}
	return list
}

// customs reads the attributes that a producer set.
func customs(all []member) map[string]weir.MessageAttribute {
	attrs := map[string]weir.MessageAttribute{}
	for _, m := range all {
		if !m.is("messageAttributes") || m.kind() != '{' {
			continue
		}
		for _, attr := range members(m.value) {
			var a weir.MessageAttribute
			if attr.kind() == 'n' {
				attrs[attr.key] = a
			}
			if attr.kind() != '{' {
				continue
			}
			for _, f := range members(attr.value) {
				if f.kind() != '"' {
					continue
				}
				s, _ := f.str()
				switch {
				case f.is("dataType"):
					a.DataType = s
				case f.is("stringValue"):
					a.String = s
				case f.is("binaryValue"):
					var err error
					if a.Binary, err = base64.StdEncoding.DecodeString(s); err != nil {
						a.Binary = nil
					}
				}
			}
			attrs[attr.key] = a
		}
	}
	return attrs
}
