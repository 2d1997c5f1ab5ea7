// Package reference shows what the machine permits, and is no library: decoders written for
// one corpus, with nothing around them. It speculates on AWS's order of keys, on one shard a
// batch and on payloads whose keys stand in field order; values may be kept, since their
// bytes are copied into memory of the invocation. It is correct on the events of package
// corpus only, looks at no deadline, bears no panic, and is not to be copied.
package reference

import (
	"context"
	"encoding/base64"
	"errors"
	"reflect"
	"unsafe"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/weir-go/weir/bench/model"
)

var errShape = errors.New("reference: the event is none of the corpus")

type invoke func(context.Context, []byte) ([]byte, error)

func (f invoke) Invoke(ctx context.Context, event []byte) ([]byte, error) { return f(ctx, event) }

const (
	head = `{"batchItemFailures":[`
	tail = `]}`
)

// SQS handles orders from a queue, each decoded while its body is still escaped.
func SQS() lambda.Handler {
	p, o, out := compile(reflect.TypeFor[model.Order](), `\"`), model.Order{}, []byte(nil)
	return invoke(func(ctx context.Context, event []byte) ([]byte, error) {
		out = append(out[:0], head...)
		var arena []byte
		err := eachSQS(event, func(id, body []byte) error {
			if len(arena) < len(body) {
				arena = make([]byte, max(min(64<<10, len(event)), len(body)))
			}
			n := copy(arena, body)
			err := p.decode(arena[:n], unsafe.Pointer(&o))
			if err != nil {
				return err
			}
			arena = arena[n:]
			if model.Handle(ctx, o) != nil {
				out = appendFailure(out, id)
			}
			return nil
		})
		return append(out, tail...), err
	})
}

// Kinesis handles orders from a stream.
func Kinesis() lambda.Handler {
	p, o, out := compile(reflect.TypeFor[model.Order](), `"`), model.Order{}, []byte(nil)
	var records []kinesisRecord
	return invoke(func(ctx context.Context, event []byte) (_ []byte, err error) {
		out = append(out[:0], head...)
		if records, err = scanKinesis(event, records[:0]); err != nil {
			return nil, err
		}
		size := 0
		for i := range records {
			size += base64.StdEncoding.DecodedLen(len(records[i].data))
		}
		arena := make([]byte, size)
		for i := range records {
			n, err := base64.StdEncoding.Decode(arena, records[i].data)
			if err != nil {
				return nil, err
			}
			if err := p.decode(arena[:n:n], unsafe.Pointer(&o)); err != nil {
				return nil, err
			}
			arena = arena[n:]
			if model.Handle(ctx, o) != nil {
				out = appendFailure(out, records[i].sequence)
			}
		}
		return append(out, tail...), nil
	})
}

func appendFailure(out, id []byte) []byte {
	if out[len(out)-1] != '[' {
		out = append(out, ',')
	}
	return append(append(append(out, `{"itemIdentifier":"`...), id...), `"}`...)
}
