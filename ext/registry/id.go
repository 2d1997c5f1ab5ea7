package registry

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
)

// ID names a schema: by a number, in Confluent's registry, or by the UUID of a schema version, in
// AWS Glue's. IDs can be compared.
type ID struct {
	kind  kind
	bytes [16]byte
}

type kind uint8

const (
	noID kind = iota
	confluent
	glue
)

func (k kind) String() string {
	return [...]string{"no registry's", "Confluent's", "AWS Glue's"}[k]
}

// ConfluentID is the ID of a schema in Confluent's registry.
func ConfluentID(n uint32) ID {
	id := ID{kind: confluent}
	binary.BigEndian.PutUint32(id.bytes[:], n)
	return id
}

// GlueID is the ID of a schema version in AWS Glue's registry.
func GlueID(uuid [16]byte) ID { return ID{glue, uuid} }

// ParseID reads an ID as String writes it, and as Lambda does beside a record: 42, or
// b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63.
func ParseID(s string) (ID, error) {
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		id, at := ID{kind: glue}, 0
		for _, part := range [...]string{s[:8], s[9:13], s[14:18], s[19:23], s[24:]} {
			n, err := hex.Decode(id.bytes[at:], []byte(part))
			if err != nil {
				return ID{}, fmt.Errorf("schema id %q is no UUID: %w", s, err)
			}
			at += n
		}
		return id, nil
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return ID{}, fmt.Errorf("schema id %q is neither a number of 32 bits nor a UUID", s)
	}
	return ConfluentID(uint32(n)), nil
}

// Glue reports whether the ID is one of AWS Glue's registry.
func (id ID) Glue() bool { return id.kind == glue }

func (id ID) String() string {
	switch id.kind {
	case confluent:
		return strconv.FormatUint(uint64(binary.BigEndian.Uint32(id.bytes[:])), 10)
	case glue:
		b := id.bytes
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	}
	return "none"
}
