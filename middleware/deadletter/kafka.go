package deadletter

import (
	"reflect"
	"slices"

	"github.com/weir-go/weir"
)

// OriginalKafka is what only a record of Kafka has, as the source had it: key and headers of the whole, where
// an Opener handed on others, as Debezium's does with keys that have a schema. It is nil for other sources.
func (l *Letter) OriginalKafka() *weir.KafkaRecord {
	if l.Kafka == nil || l.Record == nil {
		return l.Kafka
	}
	event, err := l.Event()
	if err != nil {
		return l.Kafka
	}
	letters, err := records(event)
	if err != nil || len(letters) != 1 || letters[0].Kafka == nil {
		return l.Kafka // of no layout of Lambda's
	}
	return letters[0].Kafka
}

func sameKafka(a, b *weir.KafkaRecord) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	x.Key, x.Headers, y.Key, y.Headers = nil, nil, nil, nil
	return reflect.DeepEqual(x, y) && same(a.Key, b.Key) && slices.EqualFunc(a.Headers, b.Headers, func(h, i weir.KafkaHeader) bool {
		return h.Name == i.Name && same(h.Value, i.Value)
	})
}

func (l *Letter) kafkaRecord() ([]byte, error) {
	k := l.Kafka
	type schema struct {
		Format string `json:"dataFormat"`
		ID     string `json:"schemaId"`
	}
	headers := []map[string][]int{}
	for _, h := range k.Headers {
		var bytes []int
		if h.Value != nil {
			bytes = []int{}
		}
		for _, b := range h.Value {
			bytes = append(bytes, int(int8(b)))
		}
		headers = append(headers, map[string][]int{h.Name: bytes})
	}
	r := struct { // in the order of Lambda's events
		Topic         string             `json:"topic"`
		Partition     int32              `json:"partition"`
		Offset        int64              `json:"offset"`
		Timestamp     *int64             `json:"timestamp,omitempty"`
		TimestampType string             `json:"timestampType,omitempty"`
		Key           []byte             `json:"key"`
		Value         []byte             `json:"value"`
		Headers       []map[string][]int `json:"headers"`
		KeySchema     *schema            `json:"keySchemaMetadata,omitempty"`
		ValueSchema   *schema            `json:"valueSchemaMetadata,omitempty"`
	}{k.Topic, k.Partition, k.Offset, nil, k.TimestampType, k.Key, l.Payload, headers, nil, nil}
	if !l.Time.IsZero() {
		ms := l.Time.UnixMilli()
		r.Timestamp = &ms
	}
	if s := k.KeySchema; s != nil {
		r.KeySchema = &schema{s.DataFormat, s.SchemaID}
	}
	if s := k.ValueSchema; s != nil {
		r.ValueSchema = &schema{s.DataFormat, s.SchemaID}
	}
	return quote(r)
}
