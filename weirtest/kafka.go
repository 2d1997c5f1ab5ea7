package weirtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kafka builds an event of an MSK cluster, one record a value. Values become JSON; string,
// []byte and json.RawMessage stand as they are, and nil is a tombstone. A value may also be a
// Record, or several from In, whose key is the topic and partition: In("orders-1", a, b).
// Records are in topic-0 otherwise. Offsets count through the event, so that those of a partition
// may have gaps, as they may in Kafka.
//
// From a name that is no ARN, such as "broker-1:9092", the event is of a self-managed cluster.
func Kafka(values ...any) Event {
	e := Event{
		kafka: true,
		arn:   "arn:aws:kafka:eu-west-1:" + account + ":cluster/cluster/0f0f0f0f-1111-2222-3333-444444444444-5",
	}
	for i, r := range list(values) {
		for name := range r.Attributes {
			if name != "timestampType" {
				panic(fmt.Sprintf("weirtest: value %d: Kafka has no attribute %s", i, name))
			}
		}
		if r.Attempt != 0 || r.MessageAttributes != nil {
			panic(fmt.Sprintf("weirtest: value %d: Kafka has no Attempt and no MessageAttributes", i))
		}
		lane := r.OrderingKey
		if at := strings.LastIndexByte(r.ID, '@'); at >= 0 && lane == "" {
			lane = r.ID[:at]
		}
		if lane == "" {
			lane = "topic-0"
		}
		p := partitionOf(i, lane, r.ID)
		var value, key []byte
		if r.Value != nil {
			value = append([]byte{}, text(r.Value)...) // nil would be null
		}
		if r.Key != nil {
			key = append([]byte{}, text(r.Key)...)
		}
		e.records = append(e.records, record{lane: lane, id: r.ID, time: r.Time, render: func(e Event, now record) any {
			return kafkaEntry(e, now, r, p, key, value)
		}})
	}
	return e.numbered()
}

type partition struct {
	topic  string
	number int32
}

// partitionOf takes the name of a partition apart.
func partitionOf(i int, lane, id string) partition {
	dash := strings.LastIndexByte(lane, '-')
	if dash > 0 {
		n, err := strconv.ParseInt(lane[dash+1:], 10, 32)
		if err == nil && n >= 0 && strconv.FormatInt(n, 10) == lane[dash+1:] {
			if id == "" {
				return partition{lane[:dash], int32(n)}
			}
			if offset, of := strings.CutPrefix(id, lane+"@"); of {
				if at, err := strconv.ParseInt(offset, 10, 64); err == nil && at >= 0 {
					return partition{lane[:dash], int32(n)}
				}
			}
			panic(fmt.Sprintf("weirtest: value %d: the ID of a record in %q is like %q, not %q", i, lane, lane+"@77", id))
		}
	}
	panic(fmt.Sprintf("weirtest: value %d: %q is no topic and partition such as \"orders-1\"", i, lane))
}

type kafkaRecord struct {
	Topic         string             `json:"topic"`
	Partition     int32              `json:"partition"`
	Offset        int64              `json:"offset"`
	Timestamp     int64              `json:"timestamp"`
	TimestampType string             `json:"timestampType"`
	Key           *[]byte            `json:"key,omitempty"` // []byte is base64 in JSON
	Value         *[]byte            `json:"value,omitempty"`
	Headers       []map[string][]int `json:"headers"`
	KeySchema     *kafkaSchema       `json:"keySchemaMetadata,omitempty"`
	ValueSchema   *kafkaSchema       `json:"valueSchemaMetadata,omitempty"`
}

type kafkaSchema struct {
	DataFormat string `json:"dataFormat"`
	SchemaID   string `json:"schemaId"`
}

func kafkaEntry(e Event, now record, r Record, p partition, key, value []byte) kafkaRecord {
	id := now.identifier(e)
	k := kafkaRecord{
		Topic:         p.topic,
		Partition:     p.number,
		Offset:        offsetOf(id),
		Timestamp:     now.sent(e).UnixMilli(),
		TimestampType: "CREATE_TIME",

		Headers:     []map[string][]int{},
		KeySchema:   (*kafkaSchema)(r.KeySchema),
		ValueSchema: (*kafkaSchema)(r.ValueSchema),
	}
	if key != nil {
		k.Key = &key
	}
	if value != nil {
		k.Value = &value
	}
	if stamp := r.Attributes["timestampType"]; stamp != "" {
		k.TimestampType = stamp
	}
	for _, h := range r.Headers {
		var list []int
		if h.Value != nil {
			list = make([]int, len(h.Value))
		}
		for i, b := range h.Value {
			list[i] = int(int8(b)) // signed, as Java has it
		}
		k.Headers = append(k.Headers, map[string][]int{h.Name: list})
	}
	return k
}

// kafkaJSON is the event with its records by partition, in the order in which those come first.
func (e Event) kafkaJSON() []byte {
	var lanes []string
	lists := map[string][]any{}
	for _, r := range e.records {
		if !slices.Contains(lanes, r.lane) {
			lanes = append(lanes, r.lane)
		}
		lists[r.lane] = append(lists[r.lane], r.render(e, r))
	}
	var b bytes.Buffer
	if strings.HasPrefix(e.arn, "arn:") {
		fmt.Fprintf(&b, `{"eventSource":"aws:kafka","eventSourceArn":%s,"bootstrapServers":"b-1.cluster.kafka.%s.amazonaws.com:9098"`,
			marshal(e.arn), e.region())
	} else {
		fmt.Fprintf(&b, `{"eventSource":"SelfManagedKafka","bootstrapServers":%s`, marshal(e.arn))
	}
	b.WriteString(`,"records":{`)
	for i, lane := range lanes {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `%s:%s`, marshal(lane), marshal(lists[lane]))
	}
	b.WriteString("}}")
	return b.Bytes()
}

// behind returns the identifiers of the records that Lambda delivers again when it is told
// these: of each partition all from the first of them on.
func (e Event) behind(ids []string) map[string]bool {
	all := map[string]bool{}
	from := map[string]int64{}
	for _, r := range e.records {
		if id := r.identifier(e); slices.Contains(ids, id) {
			if lowest, known := from[r.lane]; !known || offsetOf(id) < lowest {
				from[r.lane] = offsetOf(id)
			}
		}
	}
	for _, r := range e.records {
		id := r.identifier(e)
		if lowest, known := from[r.lane]; known && offsetOf(id) >= lowest {
			all[id] = true
		}
	}
	return all
}

// offsetOf returns the offset in an identifier.
func offsetOf(id string) int64 {
	n, _ := strconv.ParseInt(id[strings.LastIndexByte(id, '@')+1:], 10, 64) // seen to by partitionOf
	return n
}

// kafkaIdentifier reads an item identifier of a Kafka response.
func kafkaIdentifier(text json.RawMessage) (id string, ok bool) {
	var item struct {
		Partition *string
		Offset    *int64
	}
	if json.Unmarshal(text, &item) != nil || item.Partition == nil || item.Offset == nil {
		return "", false
	}
	return *item.Partition + "@" + strconv.FormatInt(*item.Offset, 10), true
}

// onlyKafka refuses what another source does not have.
func (r Record) onlyKafka(i int, source string) {
	if r.Key != nil || r.Headers != nil || r.KeySchema != nil || r.ValueSchema != nil {
		panic(fmt.Sprintf("weirtest: value %d: %s has no Key, no Headers and no schemas", i, source))
	}
}
