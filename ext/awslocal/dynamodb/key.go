package dynamodb

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
)

// keyAttribute is one attribute of a table's key.
type keyAttribute struct {
	name string
	kind kind
	max  int // bytes
}

// schema is what a table's key consists of.
type schema struct {
	hash, sort keyAttribute // sort has no name if there is none
}

// attributes are those of the key.
func (s schema) attributes() []keyAttribute {
	if s.sort.name == "" {
		return []keyAttribute{s.hash}
	}
	return []keyAttribute{s.hash, s.sort}
}

// key is an item's, in the one form of its values.
type key struct {
	hash, sort string
}

// of finds the key in an item that is to be put.
func (s schema) of(it item) (key, error) {
	for _, a := range s.attributes() {
		v, ok := it[a.name]
		if !ok {
			return key{}, invalid("One or more parameter values were invalid: Missing the key %s in the item", a.name)
		}
		if v.kind != a.kind {
			return key{}, invalid("One or more parameter values were invalid: Type mismatch for key %s expected: %s actual: %s", a.name, a.kind, v.kind)
		}
		if err := a.fits(v); err != nil {
			return key{}, err
		}
	}
	return key{it[s.hash.name].text, it[s.sort.name].text}, nil
}

// exactly is of for an item that is nothing but a key.
func (s schema) exactly(it item) (key, error) {
	mismatch := func() error { return invalid("The provided key element does not match the schema") }
	if len(it) != len(s.attributes()) {
		return key{}, mismatch()
	}
	for _, a := range s.attributes() {
		if it[a.name].kind != a.kind {
			return key{}, mismatch()
		}
		if err := a.fits(it[a.name]); err != nil {
			return key{}, err
		}
	}
	return key{it[s.hash.name].text, it[s.sort.name].text}, nil
}

func (a keyAttribute) fits(v value) error {
	if v.text == "" {
		what := "string"
		if a.kind == kindB {
			what = "binary"
		}
		return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", what, a.name)
	}
	if len(v.text) > a.max {
		if a.max == maxSort {
			return invalid("One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
		}
		return invalid("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes")
	}
	return nil
}

// Limits on keys and items. Source: "Quotas", DynamoDB Developer Guide.
const (
	maxHash = 2048
	maxSort = 1024
	maxItem = 400 << 10
)

// only returns the key's attributes of an item.
func (s schema) only(it item) item {
	out := item{}
	for _, a := range s.attributes() {
		out[a.name] = it[a.name]
	}
	return out
}

// row is an item in its place.
type row struct {
	key  key
	num  number // of the sort key, if it is one
	item item
	size int
}

// at is the place of a key, with nothing in it; it holds at least the key's attributes.
func (s schema) at(k key, it item) row {
	r := row{key: k}
	if s.sort.kind == kindN {
		r.num = it[s.sort.name].number()
	}
	return r
}

// compare orders rows of one partition.
func (r row) compare(o row) int {
	if d := r.num.compare(o.num); d != 0 {
		return d
	}
	return strings.Compare(r.key.sort, o.key.sort)
}

// partition holds the rows of one hash key, by their sort keys.
type partition struct {
	hash string
	slot uint64 // where it stands among the partitions of a scan
	rows []row
}

func newPartition(hash string) *partition {
	sum := sha256.Sum256([]byte(hash))
	return &partition{hash: hash, slot: binary.BigEndian.Uint64(sum[:])}
}

func (p *partition) compare(o *partition) int {
	return cmp.Or(cmp.Compare(p.slot, o.slot), strings.Compare(p.hash, o.hash))
}

// find says where a row is, or belongs.
func (p *partition) find(r row) (int, bool) {
	if p == nil {
		return 0, false
	}
	return slices.BinarySearchFunc(p.rows, r, row.compare)
}

// set puts a row into its place; one without an item goes away.
func (p *partition) set(r row) {
	i, found := p.find(r)
	switch {
	case r.item == nil && found:
		p.rows = slices.Delete(p.rows, i, i+1)
	case r.item == nil:
	case found:
		p.rows[i] = r
	default:
		p.rows = slices.Insert(p.rows, i, r)
	}
}
