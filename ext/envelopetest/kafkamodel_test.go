package envelopetest

import (
	"cmp"
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

// kafkaRow is what a record of Kafka should be read as.
type kafkaRow struct {
	raw                  string
	lane, id             string
	offset               int64
	known                bool // the offset
	time                 time.Time
	stamp                string
	key, value           []byte // nil for null
	headers              weir.KafkaHeaders
	keySchema, valSchema *weir.KafkaSchema

	damaged bool
	repeats bool // a key stands twice, of which encoding/json makes something else
}

// splitKafka returns the records in the order in which they should come, and the cluster's name.
func splitKafka(event []byte) (rows []kafkaRow, cluster string, err error) {
	if !json.Valid(event) {
		return nil, "", errSyntax
	}
	if event[strings.IndexFunc(string(event), func(r rune) bool { return !strings.ContainsRune(" \t\r\n", r) })] != '{' {
		return nil, "", errors.New("it is not an object")
	}
	found, origin, arn, servers := false, "", "", ""
	for _, m := range members(event) {
		text, isText := m.str()
		switch strings.ToLower(fold(m.key)) {
		case "records":
			if found || m.kind() != '{' {
				return nil, "", errors.New("its records are twice, or no object")
			}
			found = true
			if rows, err = kafkaRows(members(m.value)); err != nil {
				return nil, "", err
			}
			continue
		case "eventsource":
			if m.kind() == '"' {
				origin = text
			}
		case "eventsourcearn":
			if m.kind() == '"' {
				arn = text
			}
		case "bootstrapservers":
			servers = text
		default:
			continue
		}
		if !isText {
			return nil, "", fmt.Errorf("%s is no string: %w", m.key, errOwnField)
		}
	}
	switch origin {
	case "", "aws:kafka", "SelfManagedKafka", "aws:SelfManagedKafka":
	default:
		return nil, "", fmt.Errorf("it comes from %q", origin)
	}
	if !found {
		return nil, "", errors.New("it has no records")
	}
	if arn == "" {
		list := strings.Split(servers, ",")
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
		slices.Sort(list)
		arn = strings.Join(list, ",")
	}
	return rows, arn, nil
}

var errOwnField = errors.New("a field of the event's own")

func kafkaRows(lanes []member) ([]kafkaRow, error) {
	type placed struct {
		lane   int
		offset int64
		row    kafkaRow
	}
	var all []placed
	order := map[string]int{}
	last := map[string]int64{}
	for _, lane := range lanes {
		if lane.kind() != '[' {
			return nil, fmt.Errorf("%q is no list", lane.key)
		}
		var records []json.RawMessage
		if err := json.Unmarshal(lane.value, &records); err != nil {
			panic(err)
		}
		for _, r := range records {
			if r[0] != '{' {
				return nil, errors.New("a record is no object")
			}
			row := modelKafka(lane.key, r)
			if _, again := order[lane.key]; !again {
				order[lane.key] = len(order)
			}
			if row.id != "" {
				last[lane.key] = row.offset
			}
			all = append(all, placed{order[lane.key], last[lane.key], row})
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.lane, b.lane), cmp.Compare(a.offset, b.offset))
	})
	rows := make([]kafkaRow, len(all))
	for i, p := range all {
		rows[i] = p.row
	}
	return rows, nil
}

func modelKafka(lane string, record []byte) kafkaRow {
	all := members(record)
	r := kafkaRow{raw: string(record), lane: lane, repeats: repeats(all)}
	text := func(m member) string {
		s, ok := m.str()
		r.damaged = r.damaged || !ok
		return s
	}
	whole := func(m member) (n int64, ok bool) {
		if m.kind() == 'n' {
			return 0, false
		}
		i, isWhole := new(big.Int).SetString(string(m.value), 10)
		ok = isWhole && i.IsInt64()
		r.damaged = r.damaged || !ok
		if ok {
			n = i.Int64()
		}
		return n, ok
	}
	data := func(m member) []byte {
		if m.kind() == 'n' {
			return nil
		}
		b, err := base64.StdEncoding.DecodeString(text(m))
		r.damaged = r.damaged || err != nil
		return append([]byte{}, b...)
	}
	var topics []string
	var numbers []int64
	for _, m := range all {
		switch strings.ToLower(fold(m.key)) {
		case "topic":
			if topic := text(m); m.kind() == '"' {
				topics = append(topics, topic)
			}
		case "partition":
			if n, ok := whole(m); ok {
				numbers = append(numbers, n)
			}
		case "offset":
			if n, ok := whole(m); ok && n >= 0 {
				r.offset, r.known = n, true
			} else if ok {
				r.damaged = true
			}
		case "timestamp":
			r.time = time.Time{}
			if n, ok := whole(m); ok && n >= 0 {
				r.time = time.UnixMilli(n)
			} else if ok {
				r.damaged = r.damaged || n != -1
			}
		case "timestamptype":
			if s := text(m); m.kind() == '"' {
				r.stamp = s
			}
		case "key":
			r.key = data(m)
		case "value":
			r.value = data(m)
		case "headers":
			r.headers = r.readHeaders(m)
		case "keyschemametadata":
			r.keySchema = r.schema(m)
		case "valueschemametadata":
			r.valSchema = r.schema(m)
		}
	}
	dash := strings.LastIndexByte(lane, '-')
	n, err := strconv.ParseInt(lane[dash+1:], 10, 32)
	r.damaged = r.damaged || dash <= 0 || err != nil || n < 0 || strconv.FormatInt(n, 10) != lane[dash+1:] || !r.known
	for _, topic := range topics {
		r.damaged = r.damaged || dash < 0 || topic != lane[:dash]
	}
	for _, number := range numbers {
		r.damaged = r.damaged || number != n
	}
	if r.known && lane != "" {
		r.id = fmt.Sprintf("%s@%d", lane, r.offset)
	}
	return r
}

func (r *kafkaRow) readHeaders(m member) (headers weir.KafkaHeaders) {
	r.damaged = r.damaged || m.kind() != '[' && m.kind() != 'n'
	if m.kind() != '[' {
		return nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(m.value, &list); err != nil {
		panic(err)
	}
	for _, item := range list {
		r.damaged = r.damaged || item[0] != '{' && item[0] != 'n'
		if item[0] != '{' {
			continue
		}
		for _, h := range members(item) {
			header := weir.KafkaHeader{Name: h.key}
			switch h.kind() {
			case 'n':
			case '[':
				var numbers []json.RawMessage
				if err := json.Unmarshal(h.value, &numbers); err != nil {
					panic(err)
				}
				header.Value = []byte{}
				for _, number := range numbers {
					n, ok := new(big.Int).SetString(string(number), 10)
					if !ok || n.Cmp(big.NewInt(math.MinInt8)) < 0 || n.Cmp(big.NewInt(math.MaxUint8)) > 0 {
						r.damaged = true
						n = new(big.Int)
					}
					header.Value = append(header.Value, byte(n.Int64()))
				}
			default:
				r.damaged = true
			}
			headers = append(headers, header)
		}
	}
	return headers
}

func (r *kafkaRow) schema(m member) *weir.KafkaSchema {
	r.damaged = r.damaged || m.kind() != '{' && m.kind() != 'n'
	if m.kind() != '{' {
		return nil
	}
	s := new(weir.KafkaSchema)
	for _, f := range members(m.value) {
		text, ok := f.str()
		switch strings.ToLower(fold(f.key)) {
		case "dataformat":
			s.DataFormat = text
		case "schemaid":
			if k := f.kind(); k == '-' || '0' <= k && k <= '9' {
				text, ok = string(f.value), true
			}
			s.SchemaID = text
		default:
			continue
		}
		r.damaged = r.damaged || !ok
	}
	return s
}
