package offload

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/weir-go/weir"
)

// DeleteAfter makes an option that deletes the objects that Load or Unwrap has loaded, once the
// batch has ended, of those records that were handled and that Lambda is told are done: not of
// failed, skipped or dropped ones, nor those that another record still needs as far as the batch
// shows. What cannot be deleted changes nothing: failed is told, or slog.Default if it is nil. It
// loads nothing itself: without Load or Unwrap it deletes nothing.
//
// A lifecycle rule is the better choice, since only it knows when a message is gone. Objects
// are deleted before Lambda has the answer. If that is lost, or the function dies, the message comes
// again, as it does when SQS delivers it twice: its record fails with ErrMissing, which is
// weir.Permanent, until the message is in the dead letter queue. With deadletter.Permanent, it becomes
// a letter at once, although it was handled. A middleware before Load that knows what was done, such as
// once.Use with a key made of the pointer, spares that; one behind Load does not, for it needs the
// content. Or an OnFailure drops what errors.Is ErrMissing, if no object can be missing for another
// reason. Never use it where several queues are subscribed to one SNS topic: they share the object.
//
// It needs the permission s3:DeleteObject on the objects. Streams deliver again what stands behind
// a failed record: of sources that are not SQS, objects are deleted only if the whole batch is
// done. So it is with messages in an envelope, such as that of SNS, when a record of the batch is not done
// whose envelope was not opened: nobody knows what it needs.
func DeleteAfter(objects Deleter, failed func(ctx context.Context, p Pointer, err error)) weir.FlowOption {
	if objects == nil {
		return weir.Refuse(errors.New("offload: DeleteAfter: no Deleter: give s3objects.New(client)"))
	}
	if o, ok := objects.(checked); ok {
		if err := o.Err(); err != nil {
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
	outer iter.Seq[*weir.Message] // as Lambda delivered them

	mu      sync.Mutex
	of      map[string][]Pointer // by record identifier
	inside  map[string][][]byte  // the payloads that Load or Unwrap may look at, by record identifier
	closed  map[string]bool      // record identifiers of envelopes that were not opened
	hidden  bool                 // there are pointers that are in no payload
	dropped map[string]bool      // record identifiers
}

// note remembers which object a record had, if anybody wants to know. batch are the records beside it.
func note(ctx context.Context, m *weir.Message, p Pointer, batch iter.Seq2[int, *weir.Message]) {
	l, ok := ctx.Value(loadedKey{}).(*loaded)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of, l.inside, l.closed = map[string][]Pointer{}, map[string][][]byte{}, map[string]bool{}
		for _, m := range batch {
			l.inside[m.ID] = append(l.inside[m.ID], m.Payload)
			if _, ok := pointerIn(m.Payload); !ok && closed(ctx, m) {
				l.closed[m.ID] = true
			}
		}
	}
	l.of[m.ID] = append(l.of[m.ID], p)
	// A middleware may have made a pointer of something else.
	l.hidden = l.hidden || !slices.ContainsFunc(l.inside[m.ID], func(payload []byte) bool {
		found, ok := pointerIn(payload)
		return ok && found == p
	})
}

// closed reports whether a record may be one that could not be taken out of its envelope: then it
// stands for what it came in.
func closed(ctx context.Context, m *weir.Message) bool {
	var nearest *weir.Message
	for in := range weir.Carriers(ctx, m) {
		if nearest == nil {
			nearest = in
		}
	}
	return nearest != nil && len(m.Payload) == len(nearest.Payload) && (len(m.Payload) == 0 || &m.Payload[0] == &nearest.Payload[0])
}

// beside are the records of the batch that a handler's is in.
func beside(ctx context.Context) iter.Seq2[int, *weir.Message] {
	return func(yield func(int, *weir.Message) bool) {
		i := 0
		for m := range weir.BatchFromContext(ctx) {
			if !yield(i, m) {
				return
			}
			i++
		}
	}
}

// pointerIn returns the pointer that a payload is.
func pointerIn(payload []byte) (p Pointer, ok bool) {
	if !mayPoint(payload) {
		return p, false
	}
	p, err := ParsePointer(payload)
	return p, err == nil
}

// BatchContext gives a batch its list.
func (d *deletion) BatchContext(ctx context.Context, batch iter.Seq[*weir.Message]) context.Context {
	return context.WithValue(ctx, loadedKey{}, &loaded{outer: batch, dropped: map[string]bool{}})
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
	if len(l.of) == 0 {
		return nil
	}
	stays := l.dropped
	if s.Err != nil {
		if !fromSQS(s.Source) {
			return nil
		}
		for _, r := range s.Err.Records {
			if r.ID == "" {
				return nil // with no identifier to report, all of the batch comes back
			}
			stays[r.ID] = true
		}
	}
	needed := map[Pointer]bool{}
	for m := range l.outer {
		if stays[m.ID] && !l.needs(m, needed) {
			return nil
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

// needs adds the objects of a record that stays, which may not have been run. It reports false if
// nobody can tell.
func (l *loaded) needs(m *weir.Message, needed map[Pointer]bool) bool {
	known := !l.hidden
	for _, p := range l.of[m.ID] {
		needed[p], known = true, true
	}
	for _, payload := range append(l.inside[m.ID], m.Payload) {
		if p, ok := pointerIn(payload); ok {
			needed[p], known = true, true
		}
	}
	return known && !l.closed[m.ID]
}

func fromSQS(arn string) bool {
	parts := strings.SplitN(arn, ":", 4)
	return len(parts) == 4 && parts[0] == "arn" && parts[2] == "sqs"
}
