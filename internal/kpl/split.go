// Package kpl takes apart, and puts together, what the Kinesis Producer Library packs into one
// Kinesis record: a magic number, a protobuf message with many user records, and the MD5
// digest of the message.
//
//	message AggregatedRecord {
//		repeated string partition_key_table     = 1;
//		repeated string explicit_hash_key_table = 2;
//		repeated Record records                 = 3;
//	}
//	message Record {
//		required uint64 partition_key_index     = 1;
//		optional uint64 explicit_hash_key_index = 2;
//		required bytes  data                    = 3;
//		repeated Tag    tags                    = 4;
//	}
package kpl

import (
	"crypto/md5"
	"fmt"
	"strings"

	"github.com/weir-go/weir/internal/room"
)

const magic = "\xf3\x89\x9a\xc2"

// Numbers of fields, of the outer message and of a record.
const (
	fieldKey    = 1
	fieldHash   = 2
	fieldRecord = 3

	fieldKeyIndex  = 1
	fieldHashIndex = 2
	fieldData      = 3
)

// keyPrice is what a key costs beside its text, in bytes: a string.
const keyPrice = 16

// minRecord is the least number of bytes in a record, for it has an index and data.
const minRecord = 4

// Record is one user record of an aggregate.
type Record struct {
	PartitionKey    string
	ExplicitHashKey string // "" is none
	Data            []byte
}

// Split returns the user records in the data of a Kinesis record, in order. It reports false
// for data that is no aggregate, as the official libraries do: the magic number is not there, or
// the digest is wrong. An error means that the digest is right and what it covers is not what
// the library writes, so no record of it can be trusted.
//
// A user record may be as small as six bytes and takes a hundred times as much in memory. So Split
// begins by taking room, with take: its error is returned as it is.
//
// Data of the records is a view of data; the keys are copies.
func Split(data []byte, take func(bytes int64) error) (records []Record, aggregated bool, err error) {
	msg, ok := message(data)
	if !ok {
		return nil, false, nil
	}
	has, err := survey(msg)
	if err != nil {
		return nil, true, malformed(err)
	}
	if err := take(int64(has.records)*room.Part + int64(has.keys+has.hashes)*keyPrice); err != nil {
		return nil, true, err
	}
	t := readTables(msg, has)
	records = make([]Record, 0, has.records)
	for r := (reader{rest: msg}); r.next(); {
		if r.number != fieldRecord {
			continue
		}
		rec, err := t.record(r.bytes)
		if err != nil {
			return nil, true, malformed(fmt.Errorf("user record %d: %w", len(records), err))
		}
		records = append(records, rec)
	}
	return records, true, nil
}

func malformed(err error) error { return fmt.Errorf("the aggregated record is malformed: %w", err) }

// Marked reports whether data begins as an aggregate does.
func Marked(data []byte) bool { return len(data) > len(magic) && string(data[:len(magic)]) == magic }

// message returns what stands between the magic number and the digest, if both are right.
func message(data []byte) (msg []byte, ok bool) {
	end := len(data) - md5.Size
	if end <= len(magic) || string(data[:len(magic)]) != magic {
		return nil, false
	}
	msg = data[len(magic):end]
	return msg, md5.Sum(msg) == [md5.Size]byte(data[end:])
}

// contents is how much is in a message.
type contents struct {
	keys, hashes, records int
	size                  int // of the text of keys and hashes
}

// survey checks the outer message and counts what is in it.
func survey(msg []byte) (has contents, err error) {
	r := reader{rest: msg}
	for r.next() {
		if r.number > fieldRecord {
			continue
		}
		if r.wire != wireBytes {
			return has, fmt.Errorf("field %d has wire type %d", r.number, r.wire)
		}
		switch r.number {
		case fieldKey:
			has.keys++
			has.size += len(r.bytes)
		case fieldHash:
			has.hashes++
			has.size += len(r.bytes)
		case fieldRecord:
			if len(r.bytes) < minRecord {
				return has, fmt.Errorf("user record %d has %d bytes", has.records, len(r.bytes))
			}
			has.records++
		}
	}
	return has, r.err
}

// tables hold the keys that records point to.
type tables struct{ keys, hashes []string }

// readTables reads them before the records, since protobuf lets fields come in any order.
func readTables(msg []byte, has contents) (t tables) {
	// One string holds all keys.
	var all strings.Builder
	all.Grow(has.size)
	list := make([]string, has.keys+has.hashes)
	t.keys, t.hashes = list[:0:has.keys], list[has.keys:has.keys]
	for r := (reader{rest: msg}); r.next(); {
		if r.number > fieldHash {
			continue
		}
		begin := all.Len()
		all.Write(r.bytes)
		if key := all.String()[begin:]; r.number == fieldKey {
			t.keys = append(t.keys, key)
		} else {
			t.hashes = append(t.hashes, key)
		}
	}
	return t
}

// record reads one user record. Of a field that comes twice the last one counts, as in protobuf.
func (t tables) record(msg []byte) (rec Record, err error) {
	var hasKey, hasData bool
	r := reader{rest: msg}
	for r.next() {
		switch r.number {
		case fieldKeyIndex:
			rec.PartitionKey, err = pick(r, t.keys, "partition key")
			hasKey = true
		case fieldHashIndex:
			rec.ExplicitHashKey, err = pick(r, t.hashes, "explicit hash key")
		case fieldData:
			if r.wire != wireBytes {
				err = fmt.Errorf("the data has wire type %d", r.wire)
			}
			rec.Data = r.bytes
			hasData = true
		}
		if err != nil {
			return Record{}, err
		}
	}
	switch {
	case r.err != nil:
		return Record{}, r.err
	case !hasKey:
		return Record{}, fmt.Errorf("it has no partition key")
	case !hasData:
		return Record{}, fmt.Errorf("it has no data")
	}
	return rec, nil
}

func pick(r reader, table []string, what string) (string, error) {
	if r.wire != wireVarint {
		return "", fmt.Errorf("the index of its %s has wire type %d", what, r.wire)
	}
	if r.value >= uint64(len(table)) {
		return "", fmt.Errorf("its %s has index %d of %d", what, r.value, len(table))
	}
	return table[r.value], nil
}
