package kinesis

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/weir-go/weir"
)

// Decoder converts a record's data to the pipeline's input type. It may keep the data but not
// write to it.
type Decoder[T any] func([]byte) (T, error)

// JSONDecoder returns a Decoder that unmarshals JSON into T, with the results of encoding/json.
// For Avro, Protobuf and other formats, give a Decoder of your own.
func JSONDecoder[T any]() Decoder[T] {
	var zero T
	switch any(zero).(type) {
	case string, []byte, json.RawMessage: // which weir takes as they are
		return func(data []byte) (v T, err error) {
			err = json.Unmarshal(data, &v)
			return v, err
		}
	}
	d := weir.NewDecoder[T]()
	return func(data []byte) (T, error) {
		v, err := d.Decode(&weir.Message{Payload: bytes.Clone(data)}) // decoded strings are views of it
		var u *weir.UndecodableError
		if errors.As(err, &u) {
			err = u.Err
		}
		return v, err
	}
}
