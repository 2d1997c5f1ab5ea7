package weir

import (
	"context"
	"fmt"
	"strings"
	"time"
)

type windowKey struct{}

// WindowFromContext returns the tumbling window that a handler is called for.
func WindowFromContext(ctx context.Context) (WindowInfo, bool) {
	w, ok := ctx.Value(windowKey{}).(WindowInfo)
	return w, ok
}

// windowSource reads the events of one source's tumbling windows.
type windowSource struct {
	format *format
}

var (
	windowFields = []string{"window", "state", "shardId", "eventSourceARN", "isFinalInvokeForWindow", "isWindowTerminatedEarly"}
	boundFields  = []string{"start", "end"}
)

// decode splits an event into its window, its state as JSON ("" when there is none yet), and
// its records.
func (x *windowSource) decode(event []byte) (info WindowInfo, state string, msgs []Message, err error) {
	found := false
	var bad error
	msgs, err = x.format.decode(event, func(e *envelope, key string) bool {
		e.now = &Message{} // gathers what is wrong with the window's own fields
		switch fieldOf(key, windowFields) {
		case "window":
			if e.Kind() != '{' {
				return false
			}
			found = true
			for e.Object(); e.MoreKeys(); {
				switch fieldOf(e.Key(), boundFields) {
				case "start":
					info.Start = e.timestamp("window.start")
				case "end":
					info.End = e.timestamp("window.end")
				default:
					e.Skip()
				}
			}
		case "state":
			empty := e.Kind() == 'n'
			if text := e.Skip(); !empty && !isEmptyObject(text) {
				state = strings.Clone(text)
			}
		case "shardId":
			e.str("shardId", &info.ShardID)
		case "eventSourceARN":
			e.str("eventSourceARN", &info.SourceARN)
		case "isFinalInvokeForWindow":
			info.Final = e.bool("isFinalInvokeForWindow")
		case "isWindowTerminatedEarly":
			info.TerminatedEarly = e.bool("isWindowTerminatedEarly")
		default:
			return false
		}
		if bad == nil {
			bad = e.now.bad
		}
		return true
	})
	if err == nil && bad != nil {
		err = fmt.Errorf("weir: decode %s window event: %w", x.format.name, bad)
	}
	if err != nil {
		return info, "", nil, err
	}
	if !found {
		return info, "", nil, fmt.Errorf("%w: it has no window: set TumblingWindowInSeconds on the event source mapping, or use weir.%s", ErrNotBatch, x.format.name)
	}
	return info, state, msgs, nil
}

func isEmptyObject(text string) bool {
	for i, c := range text {
		if i > 0 && c == '}' {
			return true
		}
		if i > 0 && c > ' ' || i == 0 && c != '{' {
			return false
		}
	}
	return false
}

func (e *envelope) bool(field string) bool {
	e.field = field
	switch k := e.Kind(); k {
	case 't', 'f':
		return e.Bool()
	case 'n':
		e.Null()
	default:
		e.Skip()
		e.damage("%s, not a boolean", kindName(k))
	}
	return false
}

func (e *envelope) timestamp(field string) time.Time {
	text := e.view(field)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		e.damage("%w", err)
	}
	return t
}

// windowRun is a window verb on its source.
type windowRun struct {
	src  *windowSource
	fold windowKind
}

// invoke is Invoke for a Lambda with a window.
func (r windowRun) invoke(l *Lambda, ctx context.Context, event []byte, begin time.Time) ([]byte, error) {
	info, text, msgs, err := r.src.decode(event)
	if err != nil {
		return nil, err
	}
	about := func(err error) error {
		return fmt.Errorf("%w of shard %s, window from %s: %w", ErrWindowState, info.ShardID, info.Start.Format(time.RFC3339), err)
	}
	var state windowState
	if err := guard(func() (err error) { state, err = r.fold.open(text); return err }); err != nil {
		return nil, about(err)
	}
	ctx = context.WithValue(ctx, windowKey{}, info)
	w := newWork(ctx, l, msgs, event)
	defer func() { w.call.release(w.leftBehind) }()
	w.verb = EachMessage(func(ctx context.Context, m *Message) error { return state.add(ctx, w, m) })
	if info.Final || info.TerminatedEarly {
		w.then = func(ctx context.Context) error {
			return w.onceDone(ctx, func() error { return state.done(ctx, w, info) })
		}
	}
	err = w.process(w.call.ctx)
	w.finish(w.call.ctx, begin)
	if err != nil {
		// Its end was not taken note of, or the state may be changing under a handler
		// that has not returned: nothing of this invocation counts.
		return nil, fmt.Errorf("weir: shard %s, window from %s: %w", info.ShardID, info.Start.Format(time.RFC3339), err)
	}
	out, err := w.respond()
	if err != nil {
		return nil, err
	}
	var stored []byte
	if err := guard(func() (err error) { stored, err = state.json(w, info); return err }); err != nil {
		return nil, about(err)
	}
	return append(append(append(out[:len(out)-1], `,"state":`...), stored...), '}'), nil
}

// onceDone calls f if every record is done.
func (w *Work) onceDone(ctx context.Context, f func() error) error {
	for i := range w.ledger.entries {
		if s := w.ledger.state(i); s != succeeded && s != dropped {
			return nil
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e := &errand{f: f}
	e.start()
	if late := e.back.wait(w.times.answer); late != nil {
		w.leftBehind = true
		return late
	}
	return e.err
}
