package weir

// Kafka makes a Lambda of the function for an Apache Kafka trigger, Amazon MSK or
// self-managed. T is decoded from a record's value; take a Pair for key and value.
//
// The first failure of a partition stops it, so that no record overtakes one before it; other
// partitions go on. One resume point is reported for each partition that is not done, its first
// offset that is not, and Lambda goes on from there:
//
//	{"batchItemFailures":[{"itemIdentifier":{"partition":"orders-1","offset":77}}]}
//
// ContinueOnFailure, StopOnFailure and ReportEveryOffset change that. With Concurrency,
// partitions run next to each other. A record that never succeeds holds up its partition until
// the mapping's limits end that, unless its handler or OnUndecodable gives it up with Drop. Source: "Configuring error handling controls for Kafka
// event sources", AWS Lambda Developer Guide.
//
// Lambda takes partial batch responses from Kafka only in provisioned mode, with
// ReportBatchItemFailures. A mapping without it takes any response for success.
func Kafka(v Verb, opts ...KafkaOption) *Lambda {
	c := newConfig()
	for i, o := range opts {
		if c.given(i, o) {
			o.applyKafka(c)
		}
	}
	if c.stop && c.goOn {
		c.refuse("StopOnFailure and ContinueOnFailure contradict each other: after a failure, nothing or everything goes on")
	}
	cluster := c.cluster
	return build(&Source{
		Name:        kafkaName,
		Decode:      func(event []byte) ([]Message, error) { return decodeKafka(event, cluster) },
		partitioned: true,
		answer:      answerKafka,
	}, v, c)
}

const kafkaName = "Kafka"

// KafkaRecord is what a Kafka record is beside its value. Nobody may write to it.
type KafkaRecord struct {
	Topic     string
	Partition int32
	Offset    int64

	// Key is nil when the record has none, which an empty key is not.
	Key []byte

	Headers KafkaHeaders

	// TimestampType says what Message.Time is: CREATE_TIME, the producer's, or
	// LOG_APPEND_TIME, the broker's.
	TimestampType string

	// KeySchema and ValueSchema are set where the event source mapping knows a schema
	// registry.
	KeySchema, ValueSchema *KafkaSchema
}

// KafkaSchema says what a key or value was written with, as a schema registry knows it.
type KafkaSchema struct {
	DataFormat string // AVRO, PROTOBUF or JSON
	SchemaID   string // a number (Confluent) or a UUID (AWS Glue)
}

// KafkaHeader is one header of a Kafka record. Its Value is nil when it is null.
type KafkaHeader struct {
	Name  string
	Value []byte
}

// KafkaHeaders are the headers of a Kafka record, in order. A name may come more than once.
type KafkaHeaders []KafkaHeader

// Get returns the value of the last header with a name, which for Kafka is the one that
// counts, and whether there is one.
func (h KafkaHeaders) Get(name string) (value []byte, ok bool) {
	for i := len(h) - 1; i >= 0; i-- {
		if h[i].Name == name {
			return h[i].Value, true
		}
	}
	return nil, false
}

// Values returns the values of all headers with a name, in order.
func (h KafkaHeaders) Values(name string) (values [][]byte) {
	for i := range h {
		if h[i].Name == name {
			values = append(values, h[i].Value)
		}
	}
	return values
}

// Tombstone reports whether the message is a Kafka record whose value is null, by which a
// compacted topic says that the key is gone. An empty value is no tombstone.
func (m *Message) Tombstone() bool { return m.Kafka != nil && m.Payload == nil }
