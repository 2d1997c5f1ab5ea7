package dynamodb

import (
	"maps"
	"slices"
	"strings"
)

// kind is a value's type, by the protocol's name for it.
type kind string

const (
	kindS    kind = "S"
	kindN    kind = "N"
	kindB    kind = "B"
	kindSS   kind = "SS"
	kindNS   kind = "NS"
	kindBS   kind = "BS"
	kindM    kind = "M"
	kindL    kind = "L"
	kindBool kind = "BOOL"
	kindNull kind = "NULL"
)

// value is an attribute's value. It is never changed once it is in an item, so that old images
// and answers share it.
type value struct {
	kind   kind
	text   string   // S; N in its one form; the bytes of B
	set    []string // SS, NS and BS likewise, sorted
	list   []value
	fields item
	yes    bool // BOOL
}

// item is what a table holds under a key, and also a map inside of it.
type item map[string]value

// isSet says whether a value is of a set's kind.
func (k kind) isSet() bool { return k == kindSS || k == kindNS || k == kindBS }

// has says whether a set has an element.
func (v value) has(e string) bool {
	_, found := slices.BinarySearch(v.set, e)
	return found
}

// element is the kind of a set's elements.
func (k kind) element() kind { return k[:1] }

func text(k kind, s string) value { return value{kind: k, text: s} }

func numberValue(n number) value { return text(kindN, n.String()) }

// number reads an N, which was checked when it came in.
func (v value) number() number {
	n, _ := parseNumber(v.text)
	return n
}

// equal compares values as = does.
func (v value) equal(w value) bool {
	return v.kind == w.kind && v.text == w.text && v.yes == w.yes && slices.Equal(v.set, w.set) &&
		slices.EqualFunc(v.list, w.list, value.equal) && v.fields.equal(w.fields)
}

func (it item) equal(other item) bool { return maps.EqualFunc(it, other, value.equal) }

// compare orders two values of one kind, if that kind has an order.
func (v value) compare(w value) (order int, ok bool) {
	if v.kind != w.kind {
		return 0, false
	}
	switch v.kind {
	case kindS, kindB:
		return strings.Compare(v.text, w.text), true
	case kindN:
		return v.number().compare(w.number()), true
	}
	return 0, false
}

// size is what counts towards the limit on items and towards capacity units. Source: "DynamoDB
// item sizes and formats", DynamoDB Developer Guide.
func (v value) size() int {
	switch v.kind {
	case kindS, kindB:
		return len(v.text)
	case kindN:
		return v.number().size()
	case kindBool, kindNull:
		return 1
	case kindL:
		n := 3
		for _, e := range v.list {
			n += 1 + e.size()
		}
		return n
	case kindM:
		return 3 + len(v.fields) + v.fields.size()
	}
	n := 0
	for _, e := range v.set {
		n += text(v.kind.element(), e).size()
	}
	return n
}

func (it item) size() int {
	n := 0
	for name, v := range it {
		n += len(name) + v.size()
	}
	return n
}
