package weir

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// WindowInfo describes one tumbling window of a shard.
type WindowInfo struct {
	Start, End time.Time
	ShardID    string
	SourceARN  string

	// Final says that this is the window's last invocation.
	Final bool

	// TerminatedEarly says that Lambda ended the window before its time since its state
	// was too large. Another window for the same time may follow.
	TerminatedEarly bool
}

// WindowVerb is what KinesisWindow and DynamoDBWindow do with a window: what Fold returns.
type WindowVerb interface {
	windowKind() (windowKind, error)
}

// Fold makes a window verb of two functions. add puts one record into the window's state
// and returns the new state; the first record of a window meets the zero S. done, which may
// be nil, is called once the window's last record is in.
//
// The state travels through Lambda as JSON between the invocations of a window, so S must
// survive encoding/json; it is read back before each invocation. Records come in order.
//
// When add returns an error, the state stays as it was before the record: the record and
// all behind it are reported, and Lambda delivers them again with the state returned. So add
// must leave the state it is given alone when it fails: build a new one, or change maps and
// slices in it last. When an observer fails a record that add has put in, the whole invocation
// fails, and Lambda repeats it with the state of before. So it does when done returns an error.
func Fold[S, T any](add func(ctx context.Context, state S, v T) (S, error), done func(ctx context.Context, w WindowInfo, state S) error, opts ...DecodeOption[T]) WindowVerb {
	var by *maker
	if n := len(opts); n > 0 {
		by = &opts[n-1].maker
	}
	dec, err := decoderFrom(by, new(T))
	return fold[S, T]{add, done, dec, err}
}

type fold[S, T any] struct {
	add  func(context.Context, S, T) (S, error)
	done func(context.Context, WindowInfo, S) error
	dec  *decoder
	err  error
}

func (f fold[S, T]) windowKind() (windowKind, error) {
	k := windowKind{decodes: f.dec.what, open: func(text string) (windowState, error) {
		w := &openWindow[S, T]{fold: f}
		if text == "" {
			return w, nil
		}
		return w, json.Unmarshal([]byte(text), &w.state)
	}}
	if f.add == nil {
		return k, errNilFunction
	}
	t := pointed(reflect.TypeFor[S]())
	if t.Kind() != reflect.Struct && t.Kind() != reflect.Map {
		return k, fmt.Errorf("weir: Fold: the state must be a struct or a map, since Lambda takes only an object; %v is none", t)
	}
	return k, f.err
}

// windowKind is a fold without its types.
type windowKind struct {
	decodes shape
	open    func(state string) (windowState, error)
}

// windowState is the state of one window during one invocation.
type windowState interface {
	add(ctx context.Context, w *Work, m *Message) error
	done(ctx context.Context, w *Work, info WindowInfo) error
	json(w *Work, info WindowInfo) ([]byte, error)
}

type openWindow[S, T any] struct {
	fold  fold[S, T]
	state S

	pending *Message // the record that was added last
	spoiled bool     // the state has a record in it that is not done
}

// settle looks at what became of the record that was added last.
func (x *openWindow[S, T]) settle(w *Work) {
	if x.pending != nil && w.ledger.state(int(x.pending.index)) != succeeded {
		x.spoiled = true
	}
	x.pending = nil
}

func (x *openWindow[S, T]) add(ctx context.Context, w *Work, m *Message) error {
	x.settle(w)
	v, err := read[T](x.fold.dec, m)
	if err != nil {
		return unread(err)
	}
	next, err := x.fold.add(ctx, x.state, v)
	if err == nil {
		x.state, x.pending = next, m
	}
	return err
}

func (x *openWindow[S, T]) done(ctx context.Context, w *Work, info WindowInfo) error {
	x.settle(w)
	if x.fold.done == nil || x.spoiled {
		return nil
	}
	return x.fold.done(ctx, info, x.state)
}

func (x *openWindow[S, T]) json(w *Work, info WindowInfo) ([]byte, error) {
	x.settle(w)
	if x.spoiled {
		return nil, errors.New("a record that is in it was failed by an observer")
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // Lambda's limit is on what the state is, not on how it could be written
	if err := enc.Encode(x.state); err != nil {
		return nil, err
	}
	text := bytes.TrimSpace(b.Bytes())
	switch {
	case string(text) == "null":
		return []byte("{}"), nil
	case text[0] != '{':
		return nil, errors.New("it is not an object as JSON")
	case len(text) > maxWindowState && info.Final:
		return []byte("{}"), nil // Lambda drops it anyway
	case len(text) > maxWindowState:
		return nil, fmt.Errorf("it is %d bytes as JSON, more than the %d that Lambda takes: keep less in it, or shorten the window", len(text), maxWindowState)
	}
	return text, nil
}

// maxWindowState is Lambda's limit on the state of a shard's window. Source: "Implementing
// stateful Kinesis Data Streams processing", AWS Lambda Developer Guide.
const maxWindowState = 1 << 20

// ErrWindowState matches the error of a window invocation whose state cannot be read, cannot
// be written, or is larger than the 1 MB that Lambda takes.
var ErrWindowState = errors.New("weir: window state")

// KinesisWindow makes a Lambda of the function for a Kinesis trigger with a tumbling window
// (TumblingWindowInSeconds). The first failure stops the batch: the records before it are in
// the state that is returned, it and all behind it are reported.
func KinesisWindow(v WindowVerb, opts ...WindowOption) *Lambda {
	return buildWindow(&windowSource{kinesisWindowFormat}, v, opts)
}

// DynamoDBWindow is KinesisWindow for DynamoDB Streams.
func DynamoDBWindow(v WindowVerb, opts ...WindowOption) *Lambda {
	return buildWindow(&windowSource{dynamoDBWindowFormat}, v, opts)
}

func buildWindow(src *windowSource, v WindowVerb, opts []WindowOption) *Lambda {
	c := newConfig()
	for i, o := range opts {
		if c.given(i, o) {
			o.applyWindow(c)
		}
	}
	c.stop = true
	if v == nil {
		c.refuse("%sWindow: no verb: give weir.Fold(add, done)", src.format.name)
		return &Lambda{err: c.err}
	}
	kind, err := v.windowKind()
	if err == nil {
		err = kind.decodes.fits(src.format.name)
	}
	if err != nil {
		c.fail(err)
	}
	return &Lambda{src: &Source{Name: src.format.name}, cfg: c, windows: windowRun{src, kind}.invoke, err: c.err}
}
