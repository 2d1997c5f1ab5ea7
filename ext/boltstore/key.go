package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/weir-go/weir/state"
)

// A key is the pipeline, the kind, the name and the time, each so that keys sort as what they
// stand for. Text ends in end; a zero byte in it is written as zero, so that no text is the
// beginning of another.
const (
	end  = "\x00\x01"
	zero = "\x00\xff"
)

// appendKindPrefix appends what all keys of a kind start with.
func appendKindPrefix(dst []byte, pipeline string, kind state.Kind) []byte {
	return append(appendText(dst, pipeline), byte(kind))
}

func appendNamePrefix(dst []byte, pipeline string, kind state.Kind, name string) []byte {
	return appendText(appendKindPrefix(dst, pipeline, kind), name)
}

func appendKey(dst []byte, pipeline string, k state.Key) []byte {
	return appendTime(appendNamePrefix(dst, pipeline, k.Kind, k.Name), k.At)
}

func appendTime(dst []byte, at int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(at)^1<<63) // negative ones first
}

func appendText(dst []byte, s string) []byte {
	for i := range len(s) {
		if s[i] == 0 {
			dst = append(dst, zero...)
		} else {
			dst = append(dst, s[i])
		}
	}
	return append(dst, end...)
}

var errKey = errors.New("boltstore: a key of the bucket is none of a row")

// parseKey reads a key's part behind the pipeline.
func parseKey(b []byte) (k state.Key, err error) {
	if len(b) < 1 {
		return k, errKey
	}
	k.Kind, b = state.Kind(b[0]), b[1:]
	text, at, ok := bytes.Cut(b, []byte(end))
	if !ok || len(at) != 8 {
		return k, errKey
	}
	k.Name = string(bytes.ReplaceAll(text, []byte(zero), []byte{0}))
	k.At = int64(binary.BigEndian.Uint64(at) ^ 1<<63)
	return k, nil
}
