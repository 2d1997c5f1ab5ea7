package offload

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"sync"

	"github.com/weir-go/weir"
)

// DeleteAfter makes an option that deletes the objects that Load or Unwrap has loaded, once the
// batch has ended, of those records that were handled and that Lambda is told are done: not of
// failed, skipped or dropped ones, nor those that another record still needs as far as the batch
// shows. What cannot be deleted changes nothing: failed is told, or slog.Default if it is nil.
//
// A lifecycle rule is the better choice, since only it knows when a message is gone. Objects
// are deleted before Lambda has the answer. If that is lost, or the function dies, the message comes
// again: its record fails with ErrMissing, until the message is in the dead letter queue. So it is
// when SQS delivers a message twice. A middleware before Load that knows what was done, such as an
// idempotency key made of the pointer, spares that; or an OnFailure that drops what errors.Is
// ErrMissing, if no object can be missing for another reason. Never use it where several queues are
// subscribed to one SNS topic: they share the object.
//
// It needs the permission s3:DeleteObject on the objects. Streams deliver again what stands behind
// a failed record: of sources that are not SQS, objects are deleted only if the whole batch is
// done.
func DeleteAfter(objects Deleter, failed func(ctx context.Context, p Pointer, err error)) weir.FlowOption {
	if objects == nil {
		return weir.Refuse(errors.New("offload: DeleteAfter: no Deleter: give s3objects.New(client)"))
	}
	if o, ok := objects.(checker); ok {
		if err := o.Check(); err != nil {
			return weir.Refuse(fmt.Errorf("offload: DeleteAfter: %w", err))
		}
	}
	if failed == nil {
		failed = func(ctx context.Context, p Pointer, err error) {
			slog.WarnContext(ctx, "offload: an object was not deleted", "object", p.String(), "error", err)
		}
	}
	return weir.Observe(&deletion{objects, failed})
}

type deletion struct {
	objects Deleter
	failed  func(context.Context, Pointer, error)
}

type loadedKey struct{}

// loaded are the objects of a batch.
type loaded struct {
	mu      sync.Mutex
	of      map[string][]Pointer // by record identifier
	dropped map[string]bool      // record identifiers
}

// note remembers which object a record had, if anybody wants to know.
func note(ctx context.Context, m *weir.Message, p Pointer) {
	l, ok := ctx.Value(loadedKey{}).(*loaded)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[string][]Pointer{}
	}
	l.of[m.ID] = append(l.of[m.ID], p)
}

// BatchContext gives a batch its list.
func (d *deletion) BatchContext(ctx context.Context, _ iter.Seq[*weir.Message]) context.Context {
	return context.WithValue(ctx, loadedKey{}, &loaded{dropped: map[string]bool{}})
}

// RecordDropped keeps an object for whoever finds the message among the dead letters.
func (d *deletion) RecordDropped(ctx context.Context, m *weir.Message, _ error) error {
	if l, ok := ctx.Value(loadedKey{}).(*loaded); ok {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.dropped[m.ID] = true
	}
	return nil
}

// BatchEnded deletes what nobody needs any more.
func (d *deletion) BatchEnded(ctx context.Context, s weir.Summary) {
	l, ok := ctx.Value(loadedKey{}).(*loaded)
	if !ok {
		return
	}
	if gone := l.gone(s); len(gone) > 0 {
		d.objects.Delete(ctx, gone, func(p Pointer, err error) { d.failed(ctx, p, about(p, err)) })
	}
}

// gone lists the objects of records that are done, each once.
func (l *loaded) gone(s weir.Summary) []Pointer {
	l.mu.Lock()
	defer l.mu.Unlock()
	stays := l.dropped
	needed := map[Pointer]bool{}
	if s.Err != nil {
		if !fromSQS(s.Source) {
			return nil
		}
		for _, r := range s.Err.Records {
			if r.ID == "" {
				return nil // with no identifier to report, all of the batch comes back
			}
			stays[r.ID] = true
			if mayPoint(r.Message.Payload) { // it may not have been run
				p, _ := ParsePointer(r.Message.Payload)
				needed[p] = true
			}
		}
	}
	for id := range stays {
		for _, p := range l.of[id] {
			needed[p] = true
		}
	}
	var gone []Pointer
	for _, all := range l.of {
		for _, p := range all {
			if !needed[p] {
				needed[p] = true
				gone = append(gone, p)
			}
		}
	}
	return gone
}

func fromSQS(arn string) bool {
	parts := strings.SplitN(arn, ":", 4)
	return len(parts) == 4 && parts[0] == "arn" && parts[2] == "sqs"
}
