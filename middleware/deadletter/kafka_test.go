package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

// letterOf drops a record of Kafka behind an opener.
func letterOf(t *testing.T, r weirtest.Record, open func(weir.Verb) weir.Verb) *deadletter.Letter {
	t.Helper()
	var b box
	each := weir.EachMessage(func(context.Context, *weir.Message) error { return weir.Drop(errNo) })
	weirtest.Run(t.Context(), weir.Kafka(open(each), deadletter.To(&b)), weirtest.Kafka(r)).WantDone(t)
	assert.Equal(t, len(b.letters), 1)
	return &b.letters[0]
}

// A key whose schema Debezium took off is given back with it, and so is a letter too small for it: the record, which
// alone has the key, is never left out.
func TestOriginalKafkaOfDebezium(t *testing.T) {
	t.Parallel()
	const key = `{"schema":{"type":"struct"},"payload":{"id":7}}`
	for _, value := range []string{`{"schema":{"type":"struct"},"payload":{"op":"c","after":{"id":7}}}`, `{"op":"c","after":{"id":7}}`} {
		l := letterOf(t, weirtest.Record{Key: key, Value: value, Headers: weir.KafkaHeaders{{Name: "h", Value: []byte{0xff}}, {Name: "h"}}}, envelope.Debezium)
		assert.Equal(t, string(l.Kafka.Key), `{"id":7}`)
		k := l.OriginalKafka()
		assert.Equal(t, string(k.Key), key)
		assert.Equal(t, fmt.Sprintf("%#v", k.Headers), fmt.Sprintf("%#v", l.Kafka.Headers))
		assert.Equal(t, []any{k.Topic, k.Partition, k.Offset}, []any{l.Kafka.Topic, l.Kafka.Partition, l.Kafka.Offset})
		data, err := l.Encode()
		assert.NoError(t, err)
		var large *deadletter.TooLargeError
		if _, err := l.Fit(t.Context(), len(data)-1, nil); !errors.As(err, &large) {
			t.Errorf("%v: its key is gone", err)
		}
	}
}

// So it is with whatever an opener changes, and a record that is as it was can go without its copy.
func TestOriginalKafka(t *testing.T) {
	t.Parallel()
	plain := weirtest.Record{Key: "k", Value: "v", Headers: weir.KafkaHeaders{{Name: "h", Value: []byte{}}}, ValueSchema: &weir.KafkaSchema{DataFormat: "AVRO", SchemaID: "7"}}
	with := func(change func(k *weir.KafkaRecord)) func(weir.Verb) weir.Verb {
		return func(v weir.Verb) weir.Verb {
			return weir.Unwrap(v, func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
				c, k := m.With(m.Payload), *m.Kafka
				change(&k)
				c.Kafka = &k
				return []weir.Message{c}, nil
			})
		}
	}
	for name, tt := range map[string]struct {
		change func(k *weir.KafkaRecord)
		whole  bool
	}{
		"nothing":      {func(*weir.KafkaRecord) {}, true},
		"the key":      {func(k *weir.KafkaRecord) { k.Key = []byte("l") }, false},
		"no key":       {func(k *weir.KafkaRecord) { k.Key = nil }, false},
		"the headers":  {func(k *weir.KafkaRecord) { k.Headers = nil }, false},
		"a null value": {func(k *weir.KafkaRecord) { k.Headers = weir.KafkaHeaders{{Name: "h"}} }, false},
		"the schema":   {func(k *weir.KafkaRecord) { k.ValueSchema = nil }, false},
	} {
		l := letterOf(t, plain, with(tt.change))
		assert.Equal(t, string(l.OriginalKafka().Key), "k", name)
		assert.Equal(t, len(l.OriginalKafka().Headers), 1, name)
		data, err := l.Encode()
		assert.NoError(t, err)
		_, err = l.Fit(t.Context(), len(data)-1, nil)
		assert.Equal(t, err == nil, tt.whole, name, err)
	}
	if (&deadletter.Letter{Payload: []byte("x")}).OriginalKafka() != nil {
		t.Error("it is not of Kafka")
	}
	k := &weir.KafkaRecord{Topic: "t"} // of a worker, and of a layout that is not Lambda's
	for _, record := range []string{"", "{", `{"a":1}`} {
		l := deadletter.Letter{Kafka: k, Record: []byte(record)}
		if record == "" {
			l.Record = nil
		}
		if got := l.OriginalKafka(); got == nil {
			t.Errorf("%q: nothing", record)
		}
	}
}
