package deadletter

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/weir-go/weir"
)

// Sink takes letters. Send returns nil once the letter is kept, and an error when it is not, or may not
// be. It may be called again for a letter that it has, with the same ID, and from several goroutines at a
// time. It must not change the letter.
type Sink interface {
	Send(ctx context.Context, l *Letter) error
}

// Archive stores letters of any size, and says where, such as s3://bucket/key. Package s3sink has one.
type Archive interface {
	Store(ctx context.Context, l *Letter) (location string, err error)
}

// Func makes a sink of a function.
type Func func(ctx context.Context, l *Letter) error

// Send calls the function.
func (f Func) Send(ctx context.Context, l *Letter) error {
	if f == nil {
		return errors.New("deadletter: the Func is nil")
	}
	return f(ctx, l)
}

// Send makes a function for streaming.DeadLetter, with which a worker gives records up by its own
// Attempts:
//
//	streaming.Run(ctx, verb, source, streaming.DeadLetter(deadletter.Send(sink)))
//
// What a handler gives up by Drop does not come by there: that takes To. A sink that To would refuse takes no
// letter.
func Send(s Sink) func(ctx context.Context, m *weir.Message, err error) error {
	wrong := check(s)
	return func(ctx context.Context, m *weir.Message, err error) error {
		if wrong != nil {
			return wrong
		}
		return s.Send(ctx, NewLetter(m, err))
	}
}

// check says why a sink can take nothing.
func check(s Sink) error {
	if s == nil {
		return errNoSink
	}
	if v := reflect.ValueOf(s); (v.Kind() == reflect.Pointer || v.Kind() == reflect.Func) && v.IsNil() {
		return fmt.Errorf("%w (it is a nil %T)", errNoSink, s)
	}
	if k, ok := s.(interface{ Err() error }); ok { // it was made with settings that cannot be
		return k.Err()
	}
	return nil
}

var errNoSink = errors.New("deadletter: the sink is nil: give a File, a Func, or one of the packages sqssink, snssink, s3sink and kafkasink in github.com/weir-go/weir/ext")
