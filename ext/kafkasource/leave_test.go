package kafkasource

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/streaming"
)

// busy makes a member of the group that joins and then says nothing for a minute, as one does that
// waits for its handlers. Others who join once more in that time get no answer.
func busy(t *testing.T, k *kgo.Client) (member string) {
	t.Helper()
	join := func(member string) *kmsg.JoinGroupResponse {
		req := kmsg.NewPtrJoinGroupRequest()
		req.Group, req.MemberID, req.ProtocolType = group, member, "consumer"
		req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = 60_000, 60_000
		p := kmsg.NewJoinGroupRequestProtocol()
		p.Name = kgo.CooperativeStickyBalancer().ProtocolName()
		p.Metadata = kgo.CooperativeStickyBalancer().JoinGroupMetadata([]string{topic}, nil, 0)
		req.Protocols = append(req.Protocols, p)
		answer, err := req.RequestWith(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	member = join("").MemberID
	want(t, "the broker's answer", join(member).ErrorCode, 0)
	return member
}

// describe asks the broker what the group is at, and who is in it.
func describe(t *testing.T, k *kgo.Client) (state string, ids []string) {
	t.Helper()
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = []string{group}
	answer, err := req.RequestWith(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range answer.Groups[0].Members {
		ids = append(ids, m.MemberID)
	}
	return answer.Groups[0].State, ids
}

// TestLeavesDuringRebalance: a worker that ends while its member waits for another to join again
// does not wait for that, and leaves the group all the same; but a static member stays.
func TestLeavesDuringRebalance(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts []kgo.Opt
		left int
	}{
		"dynamic": {nil, 1},
		"static":  {[]kgo.Opt{kgo.InstanceID("second")}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := broker(t, 2)
			k := client(t, c)
			s := source(c, append(tt.opts, kgo.HeartbeatInterval(50*time.Millisecond))...)
			if err := s.Open(t.Context(), owner{make(chan streaming.Lane, 9)}); err != nil {
				t.Fatal(err)
			}
			eventually(t, "it has all partitions", func() bool { return s.assignments() == 2 })
			other := busy(t, k)
			eventually(t, "it has given up a partition and waits for the other", func() bool {
				state, _ := describe(t, k)
				return state == "PreparingRebalance"
			})
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // half of what the other takes
			defer cancel()
			if err := s.Close(ctx); err != nil {
				t.Error(err)
			}
			if err := ctx.Err(); err != nil {
				t.Error("it waited for the other")
			}
			_, ids := describe(t, k)
			want(t, "members", len(ids), tt.left)
			if tt.left == 1 {
				want(t, "member", ids[0], other)
			}
		})
	}
}

func (s *Source) assignments() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.parts)
}

// TestLeavesForGood: a broker answers the JoinGroup of a member that leaves that it does not know it. The
// client must not join as a new one, which nobody would be.
func TestLeavesForGood(t *testing.T) {
	t.Parallel()
	c := broker(t, 2)
	left, heard, again := make(chan struct{}), make(chan struct{}), make(chan struct{})
	leaves, hears, joins := sync.OnceFunc(func() { close(left) }), sync.OnceFunc(func() { close(heard) }), sync.OnceFunc(func() { close(again) })
	var waits atomic.Bool
	c.ControlKey(kmsg.JoinGroup.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		join := req.(*kmsg.JoinGroupRequest)
		if join.MemberID == "" {
			if waits.Load() {
				joins()
			}
			return nil, nil, false
		}
		waits.Store(true)
		c.SleepControl(func() { <-left })
		answer := join.ResponseKind().(*kmsg.JoinGroupResponse)
		answer.ErrorCode = kerr.UnknownMemberID.Code
		return answer, nil, true
	})
	c.ControlKey(kmsg.LeaveGroup.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		leaves()
		c.SleepControl(func() { // its answer comes late
			<-heard
			select {
			case <-again:
			case <-time.After(200 * time.Millisecond):
			}
		})
		return nil, nil, false
	})
	s := source(c, kgo.WithHooks(reads(func(key int16) {
		if key == kmsg.JoinGroup.Int16() && waits.Load() {
			hears()
		}
	})))
	if err := s.Open(t.Context(), owner{make(chan streaming.Lane, 9)}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it waits in JoinGroup", waits.Load)
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	select {
	case <-again:
		t.Error("it joined again")
	default:
	}
}

// reads is a hook of the user's.
type reads func(key int16)

func (f reads) OnBrokerRead(_ kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, _ error) {
	f(key)
}

// TestCannotLeave: when no broker says that the member has left, Close says so in time, and a worker
// ends as it would have.
func TestCannotLeave(t *testing.T) {
	t.Parallel()
	c := broker(t, 1)
	k := client(t, c)
	produce(t, k, &kgo.Record{Value: []byte("1")})
	c.ControlKey(kmsg.LeaveGroup.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		return nil, nil, true // no answer
	})
	s := &closing{Source: source(c, kgo.SessionTimeout(33*time.Second))}
	r := run(t, weir.EachMessage(func(context.Context, *weir.Message) error { return nil }), s, streaming.Drain(time.Second))
	eventually(t, "its record is committed", func() bool { return committed(t, k, 1)[0] == 1 })
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	_, ids := describe(t, k)
	for _, part := range []string{ids[0], group, "33s", "SessionTimeout"} {
		if s.err == nil || !strings.Contains(s.err.Error(), part) {
			t.Errorf("%q is not in %v", part, s.err)
		}
	}
	if !errors.Is(s.err, context.DeadlineExceeded) {
		t.Error(s.err)
	}
}

// closing keeps what Close returns.
type closing struct {
	*Source
	err error
}

func (c *closing) Close(ctx context.Context) error {
	c.err = c.Source.Close(ctx)
	return c.err
}
