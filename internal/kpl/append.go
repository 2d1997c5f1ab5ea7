package kpl

import (
	"crypto/md5"
	"encoding/binary"
)

// Append appends one aggregate of all records to dst, as the library writes it: each key
// stands in its table once, in the order of first use. Without records it appends nothing,
// since an empty aggregate is none.
func Append(dst []byte, records []Record) []byte {
	if len(records) == 0 {
		return dst
	}
	var keys, hashes table
	for _, r := range records {
		keys.add(r.PartitionKey)
		if r.ExplicitHashKey != "" {
			hashes.add(r.ExplicitHashKey)
		}
	}
	dst = append(dst, magic...)
	begin := len(dst)
	dst = keys.append(dst, fieldKey)
	dst = hashes.append(dst, fieldHash)
	for _, r := range records {
		var head [2 * (1 + binary.MaxVarintLen64)]byte
		b := appendVarint(head[:0], fieldKeyIndex, keys.index[r.PartitionKey])
		if r.ExplicitHashKey != "" {
			b = appendVarint(b, fieldHashIndex, hashes.index[r.ExplicitHashKey])
		}
		dst = append(dst, fieldRecord<<3|wireBytes)
		dst = binary.AppendUvarint(dst, uint64(len(b)+1+varintSize(len(r.Data))+len(r.Data)))
		dst = append(dst, b...)
		dst = appendBytes(dst, fieldData, r.Data)
	}
	digest := md5.Sum(dst[begin:])
	return append(dst, digest[:]...)
}

// table is the distinct keys of an aggregate.
type table struct {
	keys  []string
	index map[string]int
}

func (t *table) add(key string) {
	if _, ok := t.index[key]; ok {
		return
	}
	if t.index == nil {
		t.index = map[string]int{}
	}
	t.index[key] = len(t.keys)
	t.keys = append(t.keys, key)
}

func (t *table) append(dst []byte, field byte) []byte {
	for _, k := range t.keys {
		dst = appendBytes(dst, field, k)
	}
	return dst
}

func appendBytes[B ~string | ~[]byte](dst []byte, field byte, b B) []byte {
	dst = append(dst, field<<3|wireBytes)
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}

func appendVarint(dst []byte, field byte, v int) []byte {
	dst = append(dst, field<<3|wireVarint)
	return binary.AppendUvarint(dst, uint64(v))
}

func varintSize(n int) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}
