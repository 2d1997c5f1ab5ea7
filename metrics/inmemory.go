package metrics

import (
	"fmt"
	"maps"
	"sync"
	"time"
)

// InMemory keeps totals, for tests and for programs that publish them in their own way. The
// zero value is ready for use, by any number of goroutines.
type InMemory struct {
	mu sync.Mutex
	at Snapshot
}

// Snapshot is what an InMemory was told until some moment. It is the caller's own.
type Snapshot struct {
	Events  map[string]int64       // records by name
	Errors  map[string]ErrorTotal  // by name
	Latency map[Call]Durations     // by name and operation
	Batches map[string]BatchTotals // by name
}

// ErrorTotal counts the records that failed, and holds the text of the last error.
type ErrorTotal struct {
	Count int64
	Last  string
}

// Call names what a latency is of.
type Call struct{ Name, Op string }

// BatchTotals says how many batches there were (Count), how long they took, and how many records
// they had.
type BatchTotals struct {
	Durations
	Records int64
}

// Events implements Recorder.
func (m *InMemory) Events(name string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at.Events == nil {
		m.at.Events = map[string]int64{}
	}
	m.at.Events[name] += int64(n)
}

// Errors implements Recorder.
func (m *InMemory) Errors(name string, n int, err error) {
	text := textOf(err)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at.Errors == nil {
		m.at.Errors = map[string]ErrorTotal{}
	}
	m.at.Errors[name] = ErrorTotal{m.at.Errors[name].Count + int64(n), text}
}

// Latency implements Recorder.
func (m *InMemory) Latency(name, op string, d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at.Latency == nil {
		m.at.Latency = map[Call]Durations{}
	}
	call := Call{name, op}
	all := m.at.Latency[call]
	all.add(d)
	m.at.Latency[call] = all
}

// Batch implements Recorder.
func (m *InMemory) Batch(name string, n int, d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at.Batches == nil {
		m.at.Batches = map[string]BatchTotals{}
	}
	all := m.at.Batches[name]
	all.add(d)
	all.Records += int64(n)
	m.at.Batches[name] = all
}

// Snapshot returns the totals so far.
func (m *InMemory) Snapshot() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Snapshot{
		Events:  maps.Clone(m.at.Events),
		Errors:  maps.Clone(m.at.Errors),
		Latency: maps.Clone(m.at.Latency),
		Batches: maps.Clone(m.at.Batches),
	}
	for call, d := range s.Latency {
		s.Latency[call] = d.clone()
	}
	for name, b := range s.Batches {
		b.Durations = b.clone()
		s.Batches[name] = b
	}
	return s
}

// textOf returns an error's text. fmt survives Error methods that panic.
func textOf(err error) string {
	if err == nil {
		return ""
	}
	return fmt.Sprint(err)
}
