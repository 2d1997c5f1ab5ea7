// Package memlog is a log of partitions in memory, with consumer groups: for tests and benchmarks of
// workers, without a broker.
//
//	log := memlog.New("orders", 4)
//	log.Append(0, payload)
//	log.End() // there will be no more, so that workers finish
//	err := streaming.Run(ctx, verb, log.Group().Member())
//
// A Group moves partitions between its members as a broker does: when one joins, leaves or is
// killed, or when a test says so.
package memlog

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/weir-go/weir"
)

// Log is a topic: partitions of records. It is safe for concurrent use.
type Log struct {
	topic string

	mu      sync.Mutex
	parts   []partition
	ended   bool
	changed chan struct{} // closed when anything has changed
}

type partition struct {
	name string
	msgs []weir.Message
}

// New makes a log with so many partitions, named as Kafka's: orders-0, orders-1.
func New(topic string, partitions int) *Log {
	l := &Log{topic: topic, parts: make([]partition, partitions), changed: make(chan struct{})}
	for i := range l.parts {
		l.parts[i].name = topic + "-" + strconv.Itoa(i)
	}
	return l
}

// Append adds records to a partition, with payloads that nobody changes from then on. It returns
// the offset of the first.
func (l *Log) Append(partition int, payloads ...[]byte) (offset int64) {
	msgs := make([]weir.Message, len(payloads))
	for i, p := range payloads {
		msgs[i].Payload = p
	}
	return l.AppendMessages(partition, msgs...)
}

// AppendMessages is Append for records with more than a payload. What identifies a record is set
// as by a Kafka source: SourceARN is the topic, Shard is "orders-1", ID "orders-1@77", and Time
// the clock's unless it is given.
func (l *Log) AppendMessages(partition int, msgs ...weir.Message) (offset int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		panic("memlog: Append after End")
	}
	p := &l.parts[partition]
	offset = int64(len(p.msgs))
	now := time.Now()
	for i, m := range msgs {
		m.SourceARN, m.Shard = l.topic, p.name
		m.ID = fmt.Sprintf("%s@%d", p.name, offset+int64(i))
		if m.Time.IsZero() {
			m.Time = now
		}
		p.msgs = append(p.msgs, m)
	}
	l.change()
	return offset
}

// End says that there will be no more records. A member's Poll returns io.EOF once its group has
// committed all there are, or once it has read them all and has the group to itself.
func (l *Log) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.change()
}

// Len returns how many records a partition has.
func (l *Log) Len(partition int) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.parts[partition].msgs))
}

// change wakes whoever waits.
func (l *Log) change() {
	close(l.changed)
	l.changed = make(chan struct{})
}
