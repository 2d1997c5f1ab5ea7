package dynamodb

import (
	"slices"
	"strconv"
	"strings"
)

// holds says whether an item meets the condition. No condition is always met; an item that does
// not exist is nil.
func (c *condition) holds(it item) bool {
	if c == nil {
		return true
	}
	switch c.op {
	case "AND":
		return !slices.ContainsFunc(c.kids, func(k *condition) bool { return !k.holds(it) })
	case "OR":
		return slices.ContainsFunc(c.kids, func(k *condition) bool { return k.holds(it) })
	case "NOT":
		return !c.kids[0].holds(it)
	case "attribute_exists", "attribute_not_exists":
		_, exists := c.args[0].of(it)
		return exists == (c.op == "attribute_exists")
	}
	first, ok := c.args[0].of(it)
	if c.op == "IN" {
		return ok && slices.ContainsFunc(c.args[1:], func(a operand) bool {
			v, ok := a.of(it)
			return ok && first.equal(v)
		})
	}
	second, ok2 := c.args[1].of(it)
	if !ok || !ok2 {
		return c.op == "<>"
	}
	switch c.op {
	case "=":
		return first.equal(second)
	case "<>":
		return !first.equal(second)
	case "attribute_type":
		return string(first.kind) == second.text
	case "begins_with":
		return first.kind == second.kind && (first.kind == kindS || first.kind == kindB) && strings.HasPrefix(first.text, second.text)
	case "contains":
		return contains(first, second)
	}
	order, ok := first.compare(second)
	if !ok {
		return false
	}
	switch c.op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	}
	high, ok := c.args[2].of(it) // BETWEEN
	if !ok || order < 0 {
		return false
	}
	order, ok = first.compare(high)
	return ok && order <= 0
}

// of returns what an operand stands for; false if it stands for nothing.
func (o operand) of(it item) (value, bool) {
	v, ok := value{}, true
	if o.literal != nil {
		v = *o.literal
	} else {
		v, ok = it.get(o.path)
	}
	if !ok || !o.sized {
		return v, ok
	}
	n, ok := sizeOf(v)
	return text(kindN, strconv.Itoa(n)), ok
}

// sizeOf is the function size: of texts, sets, lists and maps.
func sizeOf(v value) (int, bool) {
	switch v.kind {
	case kindS:
		return utf16Length(v.text), true
	case kindB:
		return len(v.text), true
	case kindSS, kindNS, kindBS:
		return len(v.set), true
	case kindL:
		return len(v.list), true
	case kindM:
		return len(v.fields), true
	}
	return 0, false
}

// utf16Length is the length of a string as Java counts it.
func utf16Length(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

func contains(v, part value) bool {
	switch {
	case v.kind == kindL:
		return slices.ContainsFunc(v.list, part.equal)
	case v.kind.isSet():
		return part.kind == v.kind.element() && v.has(part.text)
	}
	return (v.kind == kindS || v.kind == kindB) && v.kind == part.kind && strings.Contains(v.text, part.text)
}
