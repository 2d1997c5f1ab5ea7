package dynamodb

import (
	"slices"
	"strconv"
	"strings"
)

// step leads from a value into one of its parts: to a map's field, or to a list's element
// if name is empty. Names in paths are never empty.
type step struct {
	name  string
	index int
}

// path leads from an item to a value in it.
type path []step

// String writes the path as DynamoDB's errors do.
func (p path) String() string {
	parts := make([]string, len(p))
	for i, s := range p {
		parts[i] = s.name
		if s.name == "" {
			parts[i] = "[" + strconv.Itoa(s.index) + "]"
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// path reads a path: a.b[0].#c
func (p *parser) path() path {
	out := path{{name: p.name()}}
	for {
		switch {
		case p.accept('.'):
			out = append(out, step{name: p.name()})
		case p.accept('['):
			t := p.peek(0)
			i, err := strconv.Atoi(t.text)
			if t.what != '0' || err != nil {
				p.unexpected()
			}
			p.next++
			p.expect(']')
			out = append(out, step{index: i})
		default:
			if len(out) > maxNesting {
				p.fail("The document path has too many nesting elements; nesting level: %d", len(out))
			}
			return out
		}
	}
}

// name reads a name of an attribute or its placeholder.
func (p *parser) name() string {
	t := p.peek(0)
	switch t.what {
	case 'a':
		if reserved[strings.ToUpper(t.text)] {
			p.fail("Attribute name is a reserved keyword; reserved keyword: %s", t.text)
		}
		p.next++
		return t.text
	case '#':
		p.next++
		name, ok := p.names[t.text]
		if !ok {
			p.fail("An expression attribute name used in the document path is not defined; attribute name: %s", t.text)
		}
		p.used[t.text] = true
		return name
	}
	p.unexpected()
	return ""
}

// literal reads the placeholder of a value.
func (p *parser) literal() value {
	t := p.take()
	v, ok := p.values[t.text]
	if !ok {
		p.fail("An expression attribute value used in expression is not defined; attribute value: %s", t.text)
	}
	p.used[t.text] = true
	return v
}

// at returns the part of a value that a step leads to.
func (v value) at(s step) (value, bool) {
	if s.name != "" {
		part, ok := v.fields[s.name]
		return part, ok
	}
	if s.index >= len(v.list) {
		return value{}, false
	}
	return v.list[s.index], true
}

// get follows a path.
func (it item) get(p path) (v value, ok bool) {
	v = value{kind: kindM, fields: it}
	for _, s := range p {
		if v, ok = v.at(s); !ok {
			return value{}, false
		}
	}
	return v, true
}

// projection reads the paths of a ProjectionExpression.
func projection(text *string, ph *placeholders) (paths []path, err error) {
	if text == nil {
		return nil, nil
	}
	defer guard(&err)
	p, err := newParser("ProjectionExpression", *text, ph)
	if err != nil {
		return nil, err
	}
	for {
		paths = append(paths, p.path())
		if !p.accept(',') {
			break
		}
	}
	p.end()
	return paths, p.apart(paths)
}

// apart refuses paths of which one leads through the other, or that take one value for a map and
// for a list.
func (p *parser) apart(paths []path) error {
	for i, a := range paths {
		for _, b := range paths[:i] {
			n := 0
			for n < min(len(a), len(b)) && a[n] == b[n] {
				n++
			}
			if n == min(len(a), len(b)) {
				return p.wrong("Two document paths overlap with each other; must remove or rewrite one of these paths; path one: %v, path two: %v", b, a)
			}
			if (a[n].name == "") != (b[n].name == "") {
				return p.wrong("Two document paths conflict with each other; must remove or rewrite one of these paths; path one: %v, path two: %v", b, a)
			}
		}
	}
	return nil
}

// project keeps what the paths lead to. Elements of lists move up to where there is room.
func (it item) project(paths []path) item {
	if paths == nil {
		return it
	}
	out := item{}
	if v, ok := pick(value{kind: kindM, fields: it}, paths); ok {
		out = v.fields
	}
	return out
}

func pick(v value, paths []path) (value, bool) {
	var steps []step // the distinct first ones
	rest := map[step][]path{}
	for _, p := range paths {
		if len(p) == 0 {
			return v, true
		}
		if _, ok := rest[p[0]]; !ok {
			steps = append(steps, p[0])
		}
		rest[p[0]] = append(rest[p[0]], p[1:])
	}
	slices.SortFunc(steps, func(a, b step) int { return a.index - b.index })
	out := value{kind: v.kind}
	found := false
	for _, s := range steps {
		part, ok := v.at(s)
		if !ok {
			continue
		}
		if part, ok = pick(part, rest[s]); !ok {
			continue
		}
		found = true
		if s.name == "" {
			out.list = append(out.list, part)
			continue
		}
		if out.fields == nil {
			out.fields = item{}
		}
		out.fields[s.name] = part
	}
	return out, found
}
