package reference

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// after returns the index after s, if it stands at i of b, and -1 otherwise.
func after(b []byte, i int, s string) int {
	if i >= 0 && len(b)-i >= len(s) && string(b[i:i+len(s)]) == s {
		return i + len(s)
	}
	return -1
}

// until returns the index of the next c from i.
func until(b []byte, i int, c byte) int {
	if i < 0 || i >= len(b) {
		return -1
	}
	if n := bytes.IndexByte(b[i:], c); n >= 0 {
		return i + n
	}
	return -1
}

// past returns the index after the next s from i.
func past(b []byte, i int, s string) int {
	if i < 0 || i >= len(b) {
		return -1
	}
	if n := bytes.Index(b[i:], []byte(s)); n >= 0 {
		return i + n + len(s)
	}
	return -1
}

// next is the end of a record: where the following one begins, or the end of the event.
func next(b []byte, i int) (begin int, more bool, err error) {
	switch {
	case i < 0 || i >= len(b):
		return 0, false, errShape
	case b[i] == ',':
		return i + 1, true, nil
	case b[i] == ']':
		return 0, false, nil
	}
	return 0, false, errShape
}

type kinesisRecord struct{ sequence, data []byte } // data is still base64

// scanKinesis learns from the first record what surrounds the sequence number in the second
// half of every record, and compares from then on.
func scanKinesis(b []byte, out []kinesisRecord) ([]kinesisRecord, error) {
	var before, behind []byte
	for i, more := after(b, 0, `{"Records":[`), true; more; {
		var r kinesisRecord
		i = after(b, i, `{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"`)
		i = after(b, until(b, i, '"'), `","sequenceNumber":"`)
		j := until(b, i, '"')
		if j < 0 {
			return nil, errShape
		}
		r.sequence = b[i:j]
		i = after(b, j, `","data":"`)
		if j = until(b, i, '"'); j < 0 {
			return nil, errShape
		}
		r.data = b[i:j]
		i = after(b, j, `","approximateArrivalTimestamp":`)
		if i = until(b, i, '}'); i < 0 {
			return nil, errShape
		}
		if before == nil {
			n := bytes.Index(b[i:], r.sequence)
			end := past(b, i+n+len(r.sequence), `"}`)
			if n < 0 || end < 0 {
				return nil, errShape
			}
			before, behind = b[i:i+n], b[i+n+len(r.sequence):end]
		}
		i = after(b, i, view(before))
		i = after(b, i, view(r.sequence))
		i = after(b, i, view(behind))
		out = append(out, r)
		var err error
		if i, more, err = next(b, i); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// eachSQS calls f with the id and the body of every record; the body is still escaped and
// ends with its quote.
func eachSQS(b []byte, f func(id, body []byte) error) error {
	var tail []byte // from the end of the last digest to the end of the record
	for i, more := after(b, 0, `{"Records":[`), true; more; {
		i = after(b, i, `{"messageId":"`)
		if i < 0 || i+36 >= len(b) {
			return errShape
		}
		id := b[i : i+36]
		i = after(b, i+36, `","receiptHandle":"`)
		if i = after(b, until(b, i, '"'), `","body":"`); i < 0 {
			return errShape
		}
		end := stringEnd(b, i)
		if end < 0 {
			return errShape
		}
		if err := f(id, b[i:end+1]); err != nil {
			return err
		}
		i = after(b, end, `","attributes":{`)
		if i = past(b, i, `,"md5OfBody":"`); i < 0 {
			return errShape
		}
		i += 32
		if k := after(b, i, `","md5OfMessageAttributes":"`); k > 0 {
			i = k + 32
		}
		if tail == nil || after(b, i, view(tail)) < 0 {
			end := past(b, i, `"}`)
			if end < 0 {
				return errShape
			}
			tail = b[i:end]
		}
		var err error
		if i, more, err = next(b, i+len(tail)); err != nil {
			return err
		}
	}
	return nil
}

const (
	ones = 0x0101010101010101
	high = 0x8080808080808080
)

// equal sets the high bit of every byte of x that is c, which must be ASCII.
func equal(x uint64, c byte) uint64 {
	y := x ^ ones*uint64(c)
	return ^(((y & ^uint64(high)) + ^uint64(high)) | y | ^uint64(high))
}

// stringEnd finds the quote that ends the string from i, eight bytes at a time.
func stringEnd(b []byte, i int) int {
	var carry uint64 // a backslash ended the word before
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quotes, slashes := equal(x, '"'), equal(x, '\\')
		escaped := slashes<<8 | carry
		if slashes&escaped != 0 {
			break // a backslash behind a backslash: byte by byte
		}
		if quotes &^= escaped; quotes != 0 {
			return i + bits.TrailingZeros64(quotes)/8
		}
		carry = slashes >> 56
	}
	if carry != 0 {
		i--
	}
	for ; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}
