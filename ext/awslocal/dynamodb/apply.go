package dynamodb

import (
	"cmp"
	"maps"
	"slices"
)

// apply returns the item as the update leaves it. Every term sees the item as it was; the item
// itself and all that it shares stay unchanged.
func (u *update) apply(it item) (item, error) {
	root := value{kind: kindM, fields: maps.Clone(it)}
	if u == nil {
		return root.fields, nil
	}
	changes := make([]change, 0, len(u.actions))
	for _, a := range u.actions {
		c, err := a.evaluate(it)
		if err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	// Elements that are set beyond a list's end are appended in the order of their numbers, and
	// those that are removed go last, so that every number means what it meant before.
	slices.SortStableFunc(changes, func(a, b change) int {
		if a.remove != b.remove {
			if a.remove {
				return 1
			}
			return -1
		}
		order := slices.CompareFunc(a.path, b.path, func(s, t step) int { return cmp.Compare(s.index, t.index) })
		if a.remove {
			return -order
		}
		return order
	})
	for _, c := range changes {
		var err error
		if root, err = root.with(c.path, c); err != nil {
			return nil, err
		}
	}
	return root.fields, nil
}

// change is what an action comes to.
type change struct {
	path    path
	value   value
	remove  bool
	lenient bool // it does not matter if the path leads nowhere
}

// evaluate finds out what an action does to an item.
func (a action) evaluate(it item) (change, error) {
	c := change{path: a.path}
	var err error
	switch a.clause {
	case "SET":
		c.value, err = a.expr.of(it)
		return c, err
	case "REMOVE":
		c.remove = true
		return c, nil
	}
	old, exists := it.get(a.path)
	by := *a.expr.literal
	switch {
	case !exists && a.clause == "ADD":
		c.value = by
	case !exists:
		c.remove, c.lenient = true, true
	case old.kind != by.kind:
		return c, wrongOperand()
	case by.kind == kindN:
		var sum number
		sum, err = old.number().add(by.number())
		c.value = numberValue(sum)
	case a.clause == "ADD":
		c.value = value{kind: old.kind, set: slices.Clone(old.set)}
		for _, e := range by.set {
			if !old.has(e) {
				c.value.set = append(c.value.set, e)
			}
		}
		slices.Sort(c.value.set)
	default:
		c.value = value{kind: old.kind, set: slices.DeleteFunc(slices.Clone(old.set), by.has)}
		c.remove = len(c.value.set) == 0
	}
	return c, err
}

// with returns a copy of a value in which the change was made at the end of a path.
func (v value) with(p path, c change) (value, error) {
	s := p[0]
	switch {
	case s.name != "" && v.kind == kindM:
		part, exists := v.fields[s.name]
		part, keep, err := part.changed(exists, p[1:], c)
		if err != nil {
			return v, err
		}
		v.fields = maps.Clone(v.fields)
		if v.fields == nil {
			v.fields = item{}
		}
		if keep {
			v.fields[s.name] = part
		} else {
			delete(v.fields, s.name)
		}
	case s.name == "" && v.kind == kindL:
		exists := s.index < len(v.list)
		var part value
		if exists {
			part = v.list[s.index]
		}
		part, keep, err := part.changed(exists, p[1:], c)
		if err != nil {
			return v, err
		}
		v.list = slices.Clone(v.list)
		switch {
		case exists && keep:
			v.list[s.index] = part
		case exists:
			v.list = slices.Delete(v.list, s.index, s.index+1)
		case keep:
			v.list = append(v.list, part)
		}
	default:
		return v, badPath(c)
	}
	return v, nil
}

// changed is what is to stand where v, which may not exist, stood; keep is false for nothing.
func (v value) changed(exists bool, rest path, c change) (out value, keep bool, err error) {
	if len(rest) == 0 {
		return c.value, !c.remove, nil
	}
	if !exists {
		return v, false, badPath(c)
	}
	v, err = v.with(rest, c)
	return v, true, err
}

func badPath(c change) error {
	if c.lenient {
		return nil
	}
	return invalid("The document path provided in the update expression is invalid for update")
}
