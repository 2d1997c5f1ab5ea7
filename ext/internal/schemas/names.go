package schemas

import (
	"slices"
	"strconv"
)

// names tells where in a document the members of a name are. The name of a member is a document of its own to
// the validator, and what it says of the place is written over by what it looks at later, but for how deep it is.
type names map[nameAt][]string

type nameAt struct {
	deep int // steps from the root to the object
	name string
}

// namesOf looks through a document. Where several members are as deep and have one name, none is known.
func namesOf(doc any) names {
	n := names{}
	var walk func(v any, at []string)
	walk = func(v any, at []string) {
		switch v := v.(type) {
		case []any:
			for i, item := range v {
				walk(item, append(at, strconv.Itoa(i)))
			}
		case map[string]any:
			for name, member := range v {
				key := nameAt{len(at), name}
				if _, twice := n[key]; twice {
					n[key] = nil
				} else {
					n[key] = append(slices.Clone(at), name)
				}
				walk(member, append(at, name))
			}
		}
	}
	walk(doc, nil)
	return n
}

// place is where a member is that the validator says to be in an object, or empty where that cannot be known.
func (n names) place(doc any, object []string, name string) []string {
	if at := n[nameAt{len(object), name}]; at != nil {
		return at
	}
	for _, step := range object {
		switch v := doc.(type) {
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return []string{}
			}
			doc = v[i]
		case map[string]any:
			doc = v[step]
		}
	}
	if v, ok := doc.(map[string]any); ok {
		if _, has := v[name]; has {
			return append(slices.Clone(object), name)
		}
	}
	return []string{}
}
