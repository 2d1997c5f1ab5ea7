package weir

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

var kafkaFormat = &format{
	name: kafkaName,
	top: jsonscan.KeysOf("topic", "partition", "offset", "timestamp", "timestampType", "key", "value", "headers",
		"keySchemaMetadata", "valueSchemaMetadata"),
}

// kafkaFields are those of the event, and kafkaSources what its eventSource may be.
var (
	kafkaFields  = []string{"records", "eventSource", "eventSourceArn", "bootstrapServers"}
	kafkaSources = []string{"aws:kafka", "SelfManagedKafka", "aws:SelfManagedKafka"}
)

// kafkaEnvelope reads Kafka events: {"records":{"topic-partition":[...]}} and what stands
// beside it. As an envelope, it is used for one after another.
type kafkaEnvelope struct {
	envelope
	outer   Message // gathers what is wrong with the event's own fields
	servers string

	lane     string // topic-partition of the records being read
	topic    string // of lane
	number   int32  // of lane
	odd      bool   // lane is not made of topic and number
	last     int64  // offset in lane
	lanes    map[string]int
	unsorted bool

	records    []KafkaRecord // the chunk, as far as it is used
	headers    []KafkaHeader // likewise
	before     KafkaHeaders  // of the record before
	topicField repeated
	stamp      repeated
	keySchema  schemaSeen
	valSchema  schemaSeen
}

var kafkaPool sync.Pool // of *kafkaEnvelope

// maxLanes bounds what an odd event leaves in the pool.
const maxLanes = 1024

func decodeKafka(event []byte, cluster string) ([]Message, error) {
	e, _ := kafkaPool.Get().(*kafkaEnvelope)
	if e == nil {
		e = &kafkaEnvelope{lanes: map[string]int{}}
		e.format = kafkaFormat
		e.topKeys = kafkaFormat.top
	}
	e.text = memory.String(event)
	e.Reset(e.text)
	e.memory.Expect(len(event))
	msgs, err := e.read(cluster)
	// Nothing of the event may stay behind.
	e.Reset("")
	e.topKeys.Forget()
	if len(e.lanes) > maxLanes {
		e.lanes = map[string]int{}
	}
	clear(e.lanes)
	e.text, e.field, e.msgs, e.now, e.inside, e.outer = "", "", nil, nil, false, Message{}
	e.lane, e.topic, e.servers, e.unsorted = "", "", "", false
	e.records, e.headers, e.before = nil, nil, nil
	kafkaPool.Put(e)
	return msgs, err
}

func (e *kafkaEnvelope) read(cluster string) ([]Message, error) {
	if k := e.Kind(); k != '{' {
		return nil, e.notBatch(fmt.Sprintf("the event is %s, not an object", kindName(k)))
	}
	found := false
	e.origin.here, e.arn.here = false, false
	for e.Object(); e.MoreKeys(); {
		key := e.Key()
		e.now = &e.outer
		switch fieldOf(key, kafkaFields) {
		case "records":
			switch k := e.Kind(); {
			case found:
				return nil, e.notBatch("the event has records twice")
			case k == '[':
				return nil, e.notBatch("it has Records in a list, as events of other sources have")
			case k != '{' && isValue(k):
				return nil, e.notBatch(fmt.Sprintf("records is %s, not an object", kindName(k)))
			}
			found = true
			if err := e.partitions(); err != nil {
				return nil, err
			}
		case "eventSource":
			e.same("eventSource", &e.origin)
		case "eventSourceArn":
			e.same("eventSourceArn", &e.arn)
		case "bootstrapServers":
			e.servers = e.view("bootstrapServers")
		default:
			e.Skip()
		}
	}
	e.End()
	if err := e.Err(); err != nil {
		return nil, fmt.Errorf("weir: decode %s event: %w", e.name, e.at(err))
	}
	switch o := &e.origin; {
	case e.outer.bad != nil:
		return nil, fmt.Errorf("weir: decode %s event: %w", e.name, e.outer.bad)
	case !found:
		return nil, e.notBatch("it has no records")
	case o.here && o.value != "" && !slices.Contains(kafkaSources, o.value):
		return nil, e.notBatch(fmt.Sprintf("it comes from %q, not from aws:kafka or SelfManagedKafka", clip(o.value)))
	}
	if cluster == "" {
		cluster = e.cluster()
	}
	for i := range e.msgs {
		e.msgs[i].SourceARN = cluster
	}
	if e.unsorted {
		e.sort()
	}
	return e.msgs, nil
}

// cluster names the cluster by what the event says.
func (e *kafkaEnvelope) cluster() string {
	if e.arn.here && e.arn.value != "" {
		return e.arn.value
	}
	servers := strings.Split(e.servers, ",")
	for i, s := range servers {
		servers[i] = strings.TrimSpace(s)
	}
	slices.Sort(servers) // AWS gives them in any order
	return strings.Clone(strings.Join(servers, ","))
}

// partitions reads the lists of records by topic and partition.
func (e *kafkaEnvelope) partitions() error {
	for e.Object(); e.MoreKeys(); {
		lane := e.Key()
		if k := e.Kind(); k != '[' && isValue(k) {
			return e.notBatch(fmt.Sprintf("the records of %q are %s, not a list", clip(lane), kindName(k)))
		}
		first := true
		for e.Array(); e.MoreItems(); {
			if k := e.Kind(); k != '{' && isValue(k) {
				return e.notBatch(fmt.Sprintf("record %d is %s, not an object", len(e.msgs), kindName(k)))
			}
			if first {
				e.enter(lane)
				first = false
			}
			if len(e.msgs) == cap(e.msgs) {
				e.grow()
			}
			e.msgs = append(e.msgs, Message{})
			e.now = &e.msgs[len(e.msgs)-1]
			start := e.Offset()
			e.inside = true
			e.kafkaRecord()
			if e.Err() != nil {
				return nil
			}
			e.inside = false
			e.now.at = spanOf(start, e.Offset())
		}
	}
	return nil
}

// enter begins the records of a topic's partition. Topics may have dashes in their names.
func (e *kafkaEnvelope) enter(lane string) {
	e.lane = e.keep(lane)
	e.topic, e.number, e.odd, e.last = "", 0, true, math.MinInt64
	if dash := strings.LastIndexByte(e.lane, '-'); dash > 0 {
		digits := e.lane[dash+1:]
		n, err := strconv.ParseInt(digits, 10, 32)
		if err == nil && n >= 0 && strconv.FormatInt(n, 10) == digits {
			e.topic, e.number, e.odd = e.lane[:dash], int32(n), false
		}
	}
	if _, again := e.lanes[e.lane]; again {
		e.unsorted = true
	} else {
		e.lanes[e.lane] = len(e.lanes)
	}
}

func (e *kafkaEnvelope) kafkaRecord() {
	m := e.now
	k := e.newRecord()
	m.Kafka = k
	m.Shard, m.OrderingKey = e.lane, e.lane
	k.Topic, k.Partition = e.topic, e.number
	known := false // the offset
	for e.ObjectOf(&e.topKeys); e.NextOf(&e.topKeys); {
		switch e.topKeys.Field {
		case 0:
			e.topicField.here = false
			if e.same("topic", &e.topicField); e.topicField.here && e.topicField.value != e.topic {
				e.field = "topic"
				e.damage("%q, but the record is among those of %q", clip(e.topicField.value), clip(e.lane))
			}
		case 1:
			if n, ok := e.whole("partition"); ok && n != int64(e.number) {
				e.damage("%d, but the record is among those of %q", n, clip(e.lane))
			}
		case 2:
			if n, ok := e.whole("offset"); ok && n < 0 {
				e.damage("%d is negative", n)
			} else if ok {
				k.Offset, known = n, true
			}
		case 3:
			m.Time = e.timestampMillis()
		case 4:
			e.stamp.here = false
			if e.same("timestampType", &e.stamp); e.stamp.here {
				k.TimestampType = e.stamp.value
			}
		case 5:
			k.Key = e.base64("key")
		case 6:
			m.Payload = e.base64("value")
		case 7:
			e.readHeaders(k)
		case 8:
			k.KeySchema = e.schema("keySchemaMetadata", &e.keySchema)
		case 9:
			k.ValueSchema = e.schema("valueSchemaMetadata", &e.valSchema)
		default:
			e.Skip()
		}
	}
	e.before = k.Headers
	e.field = "records"
	if e.odd {
		e.damage("%q is no topic and partition", clip(e.lane))
	}
	if !known {
		e.field = "offset"
		e.damage("missing")
		return
	}
	if k.Offset < e.last {
		e.unsorted = true
	}
	e.last = k.Offset
	if e.lane != "" {
		m.ID = e.identity(k.Offset)
	}
}

// identity makes the identifier of a record of the partition.
func (e *kafkaEnvelope) identity(offset int64) string {
	room := e.memory.Take(len(e.lane) + len("@9223372036854775807"))
	id := append(append(room[:0], e.lane...), '@')
	return memory.String(e.memory.Trim(room, len(strconv.AppendInt(id, offset, 10))))
}

// newRecord allocates in chunks, as newImage does.
func (e *kafkaEnvelope) newRecord() *KafkaRecord {
	if len(e.records) == cap(e.records) {
		e.records = make([]KafkaRecord, 0, min(1024, 1+cap(e.msgs)-len(e.msgs)))
	}
	e.records = append(e.records, KafkaRecord{})
	return &e.records[len(e.records)-1]
}

// sort puts the records of each partition into the order of their offsets, the partitions in
// that of their first appearance. A record whose offset is not known stays behind the one before.
func (e *kafkaEnvelope) sort() {
	type place struct {
		lane   int
		offset int64
		msg    Message
	}
	places := make([]place, len(e.msgs))
	last := make([]int64, len(e.lanes)) // no offset is below 0
	for i, m := range e.msgs {
		lane := e.lanes[m.Shard]
		if m.ID != "" {
			last[lane] = m.Kafka.Offset
		}
		places[i] = place{lane, last[lane], m}
	}
	slices.SortStableFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.lane, b.lane), cmp.Compare(a.offset, b.offset))
	})
	for i := range places {
		e.msgs[i] = places[i].msg
	}
}

// timestampMillis reads a time in milliseconds. Kafka's -1 is none.
func (e *kafkaEnvelope) timestampMillis() time.Time {
	n, ok := e.whole("timestamp")
	switch {
	case !ok || n == -1:
		return time.Time{}
	case n < 0:
		e.damage("%d is not a time in milliseconds", n)
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

var keyAndValue = []string{"key", "value"}

// butKeyAndValue leaves a record's payload and key out of its attributes.
func butKeyAndValue(yield func(string, string) bool) func(string, string) bool {
	return func(name, text string) bool {
		known := fieldOf(name, keyAndValue)
		return known == "key" || known == "value" || yield(name, text)
	}
}
