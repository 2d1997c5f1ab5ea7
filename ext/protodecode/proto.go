// Package protodecode decodes Protobuf payloads that a registry's serializer wrote:
//
//	orders, err := protodecode.New[*shop.Order]()
//	fn := weir.Kafka(weir.Each(ship, weir.DecodeMessage(orders.Value)))
//
// T is a generated type, which knows all that is needed, so no registry is asked.
//
// Serializers write which message of its file a payload is. It must be T, by its place in T's own
// file, since Protobuf would read one message as another without an error; see AnyMessage.
package protodecode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/weir-go/weir/ext/registry"
)

// Option is an option of New.
type Option func(*config)

type config struct{ any bool }

// AnyMessage reads every payload as T, wherever in its file the writer found the message. It is
// for producers whose file has its messages in other places than T's. AWS Glue numbers them by
// their names, so there one message more moves others.
func AnyMessage() Option { return func(c *config) { c.any = true } }

// New makes a Decoder of Protobuf.
func New[T proto.Message](opts ...Option) (*registry.Decoder[T], error) {
	var c config
	for i, o := range opts {
		if o == nil {
			return nil, fmt.Errorf("protodecode: option %d is nil", i)
		}
		o(&c)
	}
	message := typeOf[T]()
	if message == nil {
		return nil, fmt.Errorf("protodecode: %v is no type that protoc-gen-go made, such as *shop.Order", reflect.TypeFor[T]())
	}
	path, number := placeOf(message.Descriptor())
	return registry.NewPlainDecoder("PROTOBUF", func(id registry.ID, data []byte) (v T, err error) {
		n, is := 0, true
		if id.Glue() {
			n, is, err = glueIndex(data, number)
		} else {
			n, is, err = confluentIndexes(data, path)
		}
		if err != nil {
			return v, err
		}
		if !is && !c.any {
			return v, fmt.Errorf("it is another message of its file than %s: see AnyMessage", message.Descriptor().FullName())
		}
		v = message.New().Interface().(T)
		if err := proto.Unmarshal(data[n:], v); err != nil {
			return *new(T), err
		}
		return v, nil
	})
}

// typeOf returns what makes messages of T, or nil where T's nil does not know, which an
// interface's and dynamicpb's do not.
func typeOf[T proto.Message]() (message protoreflect.MessageType) {
	defer func() {
		if recover() != nil {
			message = nil
		}
	}()
	var zero T
	return zero.ProtoReflect().Type()
}

// placeOf returns where a message is in its file: its path of indexes, for Confluent, and its
// number in the order of all names, for AWS Glue.
func placeOf(d protoreflect.MessageDescriptor) (path []int64, number uint64) {
	for p := protoreflect.Descriptor(d); p != d.ParentFile(); p = p.Parent() {
		path = append(path, int64(p.Index()))
	}
	slices.Reverse(path)
	names := namesOf(nil, d.ParentFile().Messages())
	slices.Sort(names)
	return path, uint64(slices.Index(names, string(d.FullName())))
}

func namesOf(names []string, list protoreflect.MessageDescriptors) []string {
	for i := range list.Len() {
		names = append(names, string(list.Get(i).FullName()))
		names = namesOf(names, list.Get(i).Messages())
	}
	return names
}

var errIndex = errors.New("a damaged message index")

// glueIndex reads a message's number. It returns its length, and whether it is the one wanted.
func glueIndex(data []byte, want uint64) (n int, is bool, err error) {
	number, n := binary.Uvarint(data)
	if n <= 0 || number > math.MaxUint32 {
		return 0, false, errIndex
	}
	return n, number == want, nil
}

// confluentIndexes reads a message's path: how many indexes it has, and these, as varints in
// zigzag. That there is none stands for one that is 0.
func confluentIndexes(data []byte, want []int64) (n int, is bool, err error) {
	count, n := binary.Varint(data)
	if n <= 0 || count < 0 || count > int64(len(data)) {
		return 0, false, errIndex
	}
	if count == 0 {
		return n, len(want) == 1 && want[0] == 0, nil
	}
	is = count == int64(len(want))
	for i := range count {
		index, m := binary.Varint(data[n:])
		if m <= 0 || index < 0 || index > math.MaxInt32 {
			return 0, false, errIndex
		}
		n += m
		is = is && index == want[i]
	}
	return n, is, nil
}
