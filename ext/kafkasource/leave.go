package kafkasource

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// courtesy is how long the client may take at most to leave the group by itself.
const courtesy = time.Second

// Close leaves the group, unless the client is a static member, and closes the client. It does so
// also while the group is being rebalanced, and waits for no other member.
//
// Its error says that the member could not leave before ctx ended, because no broker answers, say.
// Then nothing is lost, but the group takes it for a member, and leaves its partitions alone, until
// kgo.SessionTimeout is over.
func (s *Source) Close(ctx context.Context) error {
	err := s.leave(ctx)
	defer context.AfterFunc(ctx, s.end)() // which lets go at once
	s.client.Close()
	s.end()
	s.beside.Wait()
	return err
}

// leave has the client leave the group. That waits until its last JoinGroup is answered, and a
// broker answers it when all members have joined again, or kgo.RebalanceTimeout is over. After a
// while the source says for itself that it leaves.
func (s *Source) leave(ctx context.Context) error {
	wait := courtesy
	if end, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(end)/4)
	}
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if s.client.LeaveGroupContext(waiting) == nil {
		return nil
	}
	defer s.end() // there is nothing more to wait for
	member, _ := s.client.GroupMetadata()
	if member == "" || s.static {
		return nil
	}
	s.leaving.Store(true)
	group, _ := s.client.OptValue(kgo.ConsumerGroup).(string)
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group, req.MemberID = group, member
	m := kmsg.NewLeaveGroupRequestMember()
	m.MemberID, m.Reason = member, kmsg.StringPtr("the worker ends during a rebalance")
	req.Members = append(req.Members, m)
	answer, err := req.RequestWith(ctx, s.client)
	if err == nil {
		err = kerr.ErrorForCode(answer.ErrorCode)
		for _, m := range answer.Members {
			err = errors.Join(err, kerr.ErrorForCode(m.ErrorCode))
		}
	}
	if err == nil || errors.Is(err, kerr.UnknownMemberID) {
		return nil
	}
	after, _ := s.client.OptValue(kgo.SessionTimeout).(time.Duration)
	return fmt.Errorf("kafkasource: %s did not leave group %s, its partitions go to others in %v (kgo.SessionTimeout): %w", member, group, after, err)
}

// farewell keeps the client from joining once more as somebody else: that is what it does when a
// JoinGroup is answered that it has no such member, as it is for one that leaves meanwhile.
type farewell struct{ s *Source }

// OnBrokerRead is called by the client before it looks at an answer.
func (f farewell) OnBrokerRead(_ kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, _ error) {
	if key == kmsg.JoinGroup.Int16() && f.s.leaving.Load() {
		<-f.s.ended
	}
}
