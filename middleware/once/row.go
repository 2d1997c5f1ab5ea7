package once

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/weir-go/weir/state"
)

// status is where a key stands. It is stored: never renumber.
type status uint8

const (
	free     status = iota + 1 // given up: as if there were no row
	running                    // claimed until the lease ends
	done                       // completed, with the function's result if it has one
	unkept                     // completed, with a result that could not be kept
	dropped                    // completed by Drop, with the reason for a result
	statuses                   // their end
)

func (s status) completed() bool { return s == done || s == unkept || s == dropped }

// entry is what a key's row says.
type entry struct {
	status status
	token  token
	until  time.Time // the lease's end, or until when a completed key is kept, in milliseconds
	print  print
	result []byte
}

// token tells one attempt from all others.
type token [16]byte

// print is a fingerprint of what Validate compares; the zero print is none.
type print [16]byte

func printOf(text string) (p print) {
	sum := sha256.Sum256([]byte(text))
	copy(p[:], sum[:])
	return p
}

// differs tells whether both are there and not the same.
func (p print) differs(o print) bool { return p != o && p != print{} && o != print{} }

// A row's data are its format, the status, the token, until, the print, and the result behind its
// length.
const (
	format = 1
	header = 1 + 1 + 16 + 8 + 16
)

func (e *entry) encode() []byte {
	b := make([]byte, 0, header+binary.MaxVarintLen64+len(e.result))
	b = append(b, format, byte(e.status))
	b = append(b, e.token[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.until.UnixMilli()))
	b = append(b, e.print[:]...)
	b = binary.AppendUvarint(b, uint64(len(e.result)))
	return append(b, e.result...)
}

func decode(b []byte) (e entry, err error) {
	if len(b) > 0 && b[0] != format {
		return e, fmt.Errorf("once: the row is of format %d, which this version does not know", b[0])
	}
	if len(b) <= header {
		return e, fmt.Errorf("once: the row is damaged: it has %d bytes", len(b))
	}
	e.status = status(b[1])
	if e.status < free || e.status >= statuses {
		return e, fmt.Errorf("once: the row is damaged: its status is %d", b[1])
	}
	copy(e.token[:], b[2:])
	e.until = time.UnixMilli(int64(binary.BigEndian.Uint64(b[18:])))
	copy(e.print[:], b[26:])
	size, n := binary.Uvarint(b[header:])
	if n <= 0 || size != uint64(len(b)-header-n) {
		return e, fmt.Errorf("once: the row is damaged: its result has not the length that it says")
	}
	e.result = b[header+n:]
	return e, nil
}

// longest is the longest key that is a row's name as it is.
const longest = state.MaxName - 1

// rowOf is the row of a key. Longer keys stand under a hash.
func rowOf(key string) state.Key {
	k := state.Key{Kind: state.Receipt, Name: "k" + key}
	if len(key) > longest {
		sum := sha256.Sum256([]byte(key))
		k.Name = "h" + hex.EncodeToString(sum[:])
	}
	return k
}
