package dynamodb

import "sort"

// split takes a key condition apart: the value that the hash key must have, and the condition on the sort
// key, which may be nil.
func (s schema) split(c *condition) (hash value, onSort *condition, err error) {
	parts := []*condition{c}
	if c.op == "AND" {
		parts = c.kids
	}
	found := false
	for _, part := range parts {
		a, rest, err := s.keyPart(part)
		if err != nil {
			return hash, nil, err
		}
		switch {
		case a.name == s.hash.name && part.op == "=" && !found:
			found = true
			hash = *rest[0].literal
		case a.name == s.sort.name && a.name != "" && onSort == nil:
			onSort = part
		default:
			return hash, nil, invalid("Query key condition not supported")
		}
	}
	if !found {
		return hash, nil, invalid("Query condition missed key schema element: %s", s.hash.name)
	}
	return hash, onSort, nil
}

// keyPart checks one condition on a key's attribute.
func (s schema) keyPart(c *condition) (a keyAttribute, rest []operand, err error) {
	switch c.op {
	case "=", "<", "<=", ">", ">=", "BETWEEN", "begins_with":
	default:
		return a, nil, invalid("Invalid operator used in KeyConditionExpression: %s", c.op)
	}
	first, rest := c.args[0], c.args[1:]
	if first.path == nil && len(rest) == 1 && c.op != "begins_with" { // :v = pk
		first, rest = rest[0], c.args[:1]
		c.op = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[c.op]
		c.args = []operand{first, rest[0]}
	}
	if first.path == nil || len(first.path) > 1 || first.sized {
		return a, nil, invalid("Invalid KeyConditionExpression: KeyConditionExpressions must only use attributes of the key")
	}
	for _, k := range s.attributes() {
		if k.name == first.path[0].name {
			a = k
		}
	}
	if a.name == "" {
		return a, nil, invalid("Query condition missed key schema element: %s", s.hash.name)
	}
	for _, o := range rest {
		if o.literal == nil || o.sized {
			return a, nil, invalid("Invalid KeyConditionExpression: KeyConditionExpressions must compare with a value")
		}
		if o.literal.kind != a.kind {
			return a, nil, invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
		}
		if err := a.fits(*o.literal); err != nil {
			return a, nil, err
		}
	}
	return a, rest, nil
}

// bounds finds the rows, from one up to another, that meet a condition on the sort key. No
// condition is met by all.
func (c *condition) bounds(rows []row, name string) (from, to int) {
	if c == nil {
		return 0, len(rows)
	}
	low := *c.args[1].literal
	compare := func(r row, v value) int {
		order, _ := r.item[name].compare(v) // keyPart saw to the types
		return order
	}
	below := func(r row) bool {
		switch c.op {
		case "<", "<=":
			return false
		case ">":
			return compare(r, low) <= 0
		}
		return compare(r, low) < 0
	}
	above := func(r row) bool {
		switch c.op {
		case ">", ">=":
			return false
		case "<":
			return compare(r, low) >= 0
		case "BETWEEN":
			return compare(r, *c.args[2].literal) > 0
		case "begins_with":
			return compare(r, low) > 0 && !c.holds(r.item)
		}
		return compare(r, low) > 0
	}
	from = sort.Search(len(rows), func(i int) bool { return !below(rows[i]) })
	to = sort.Search(len(rows), func(i int) bool { return above(rows[i]) })
	return from, max(from, to)
}

// outside refuses a filter on the key.
func (s schema) outside(c *condition) error {
	if c == nil {
		return nil
	}
	for _, kid := range c.kids {
		if err := s.outside(kid); err != nil {
			return err
		}
	}
	for _, o := range c.args {
		for _, a := range s.attributes() {
			if o.path != nil && o.path[0].name == a.name {
				return invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", a.name)
			}
		}
	}
	return nil
}
