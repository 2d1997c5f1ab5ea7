package kafkasource

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weir-go/weir/streaming"
)

// place is a partition of a topic.
type place struct {
	topic     string
	partition int32
}

func (p place) String() string { return p.topic + "-" + strconv.Itoa(int(p.partition)) }

// placeOf is the inverse of String. Topics may have dashes in their names.
func placeOf(lane string) place {
	dash := strings.LastIndexByte(lane, '-')
	n, err := strconv.ParseInt(lane[dash+1:], 10, 32)
	if dash < 0 || err != nil {
		return place{}
	}
	return place{lane[:dash], int32(n)}
}

// assigned is one assignment of a partition to this member. All but Lane and label is guarded by Source.mu.
type assigned struct {
	streaming.Lane
	label context.Context // has the assignment as a value
	next  int64           // offset behind the last record that was polled, -1 before the first
	from  int64           // offset that was committed before, or -1
	done  int64           // offset that this member committed last
	end   int64           // offset behind the last that can be polled, as far as is known, or -1
	rest  int64           // records that were polled from the client, and wait for the next Poll
	after *assigned
	since []leadership // of records that are not committed
}

// leadership is the leader epoch of the records from an offset on.
type leadership struct {
	offset int64
	epoch  int32
}

// now is the assignment that has taken the place of this one because its log went back.
func (a *assigned) now() *assigned {
	for a.after != nil {
		a = a.after
	}
	return a
}

// saw notes a record that was polled.
func (a *assigned) saw(r *kgo.Record) {
	a.next = r.Offset + 1
	if n := len(a.since); n == 0 || a.since[n-1].epoch != r.LeaderEpoch {
		a.since = append(a.since, leadership{r.Offset, r.LeaderEpoch})
	}
}

// leader is the leader epoch of a record that is to be committed. None before it will be.
func (a *assigned) leader(offset int64) int32 {
	for len(a.since) > 1 && a.since[1].offset <= offset {
		a.since = a.since[1:]
	}
	if len(a.since) == 0 {
		return -1
	}
	return a.since[0].epoch
}

// begin makes an assignment that counts from now on.
func (s *Source) begin(at place) *assigned {
	s.epoch++
	a := &assigned{Lane: streaming.Lane{Name: at.String(), Epoch: s.epoch}, next: -1, from: -1, end: -1}
	a.label = context.WithValue(context.Background(), labelKey{}, a)
	s.parts[at] = a
	return a
}

// assign is called when partitions come, before anything of them is fetched.
func (s *Source) assign(_ context.Context, c *kgo.Client, parts map[string][]int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for topic, list := range parts {
		for _, p := range list {
			s.begin(place{topic, p})
		}
	}
	c.ResumeFetchPartitions(parts) // a pause outlives what it was for
}

// revoke is called when partitions are to go, and holds them back until the worker has let go.
func (s *Source) revoke(ctx context.Context, c *kgo.Client, parts map[string][]int32) {
	lanes := s.lanes(parts)
	if len(lanes) == 0 {
		return
	}
	timeout, _ := c.OptValue(kgo.RebalanceTimeout).(time.Duration)
	ctx, cancel := context.WithTimeout(ctx, timeout*3/4)
	defer cancel()
	s.owner.Revoke(ctx, lanes...)
	s.drop(lanes)
}

// lose is called when partitions are gone.
func (s *Source) lose(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
	if lanes := s.lanes(parts); len(lanes) > 0 {
		s.drop(lanes)
		s.owner.Lost(lanes...)
	}
}

func (s *Source) lanes(parts map[string][]int32) (lanes []streaming.Lane) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for topic, list := range parts {
		for _, p := range list {
			if a := s.parts[place{topic, p}]; a != nil {
				lanes = append(lanes, a.Lane)
			}
		}
	}
	return lanes
}

// drop forgets assignments, unless others have taken their places.
func (s *Source) drop(lanes []streaming.Lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range lanes {
		if at := placeOf(l.Name); s.parts[at] != nil && s.parts[at].Epoch <= l.Epoch {
			delete(s.parts, at)
		}
	}
}

// labels notes in each record which assignment it was fetched for. When it is polled that may be
// over, and the partition be back by another one, which will fetch the record itself.
type labels struct{ s *Source }

type labelKey struct{}

// OnFetchRecordBuffered is called by the client for every record.
func (h labels) OnFetchRecordBuffered(r *kgo.Record) {
	h.s.mu.RLock()
	a := h.s.parts[place{r.Topic, r.Partition}]
	h.s.mu.RUnlock()
	switch {
	case a == nil:
	case r.Context == nil:
		r.Context = a.label
	default: // a hook of the user's was here
		r.Context = context.WithValue(r.Context, labelKey{}, a)
	}
}

// labelOf is the assignment that a record was fetched for, nil if that was over already.
func labelOf(r *kgo.Record) *assigned {
	if r.Context == nil {
		return nil
	}
	a, _ := r.Context.Value(labelKey{}).(*assigned)
	return a
}
