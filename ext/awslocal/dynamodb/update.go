package dynamodb

import "strings"

// update is a parsed UpdateExpression.
type update struct {
	actions []action
}

// action changes what one path leads to.
type action struct {
	clause string // SET, REMOVE, ADD or DELETE
	path   path
	expr   term // of SET; of ADD and DELETE a literal
}

// term is what SET assigns: an operand, or an operator or function of terms.
type term struct {
	op   string // "", "+", "-", "if_not_exists" or "list_append"
	args []term
	operand
}

// parseUpdate reads an UpdateExpression; nil stays nil.
func parseUpdate(text *string, ph *placeholders) (u *update, err error) {
	if text == nil {
		return nil, nil
	}
	defer guard(&err)
	p, err := newParser("UpdateExpression", *text, ph)
	if err != nil {
		return nil, err
	}
	u = &update{}
	seen := map[string]bool{}
	for p.peek(0).what != 0 {
		clause := strings.ToUpper(p.peek(0).text)
		if clause != "SET" && clause != "REMOVE" && clause != "ADD" && clause != "DELETE" {
			p.unexpected()
		}
		p.next++
		if seen[clause] {
			p.fail(`The "%s" section can only be used once in an update expression;`, clause)
		}
		seen[clause] = true
		u.actions = append(u.actions, p.action(clause))
		for p.accept(',') {
			u.actions = append(u.actions, p.action(clause))
		}
	}
	return u, p.apart(u.paths())
}

// paths are those that the update changes.
func (u *update) paths() []path {
	if u == nil {
		return nil
	}
	paths := make([]path, len(u.actions))
	for i, a := range u.actions {
		paths[i] = a.path
	}
	return paths
}

func (p *parser) action(clause string) action {
	a := action{clause: clause, path: p.path()}
	switch clause {
	case "SET":
		if t := p.peek(0); t.text != "=" {
			p.unexpected()
		}
		p.next++
		a.expr = p.sum()
	case "ADD", "DELETE":
		if p.peek(0).what != ':' {
			p.unexpected()
		}
		p.operator()
		v := p.literal()
		if !v.kind.isSet() && !(clause == "ADD" && v.kind == kindN) {
			p.fail("Incorrect operand type for operator or function; operator: %s, operand type: %s, typeSet: ALLOWED_FOR_%s_OPERAND", clause, v.kind, clause)
		}
		a.expr.literal = &v
	}
	return a
}

func (p *parser) sum() term {
	first := p.term()
	sign := p.peek(0)
	if sign.what != '+' && sign.what != '-' {
		return first
	}
	p.next++
	p.operator()
	t := term{op: sign.text, args: []term{first, p.term()}}
	for _, a := range t.args {
		if a.literal != nil && a.literal.kind != kindN {
			p.wrongType("operator or function", t.op, *a.literal)
		}
	}
	return t
}

func (p *parser) term() term {
	t := p.peek(0)
	switch {
	case t.what == ':':
		v := p.literal()
		return term{operand: operand{literal: &v}}
	case t.what != 'a' || p.peek(1).what != '(':
		return term{operand: operand{path: p.path()}}
	}
	if t.text != "if_not_exists" && t.text != "list_append" {
		if _, known := predicates[t.text]; known || t.text == "size" {
			p.fail("The function is not allowed in an update expression; function: %s", t.text)
		}
		p.fail("Invalid function name; function: %s", t.text)
	}
	p.operator()
	p.next++
	p.expect('(')
	out := term{op: t.text, args: []term{p.term()}}
	for p.accept(',') {
		out.args = append(out.args, p.term())
	}
	p.expect(')')
	if len(out.args) != 2 {
		p.fail("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", t.text, len(out.args))
	}
	if t.text == "if_not_exists" && out.args[0].path == nil {
		p.fail("Operator or function requires a document path; operator or function: if_not_exists")
	}
	for _, a := range out.args {
		if t.text == "list_append" && a.literal != nil && a.literal.kind != kindL {
			p.wrongType("operator or function", t.text, *a.literal)
		}
	}
	return out
}

// of evaluates a term against the item as it was before the update.
func (t term) of(it item) (value, error) {
	if t.op == "" {
		v, ok := t.operand.of(it)
		if !ok {
			return v, invalid("The provided expression refers to an attribute that does not exist in the item")
		}
		return v, nil
	}
	if t.op == "if_not_exists" {
		if v, ok := t.args[0].operand.of(it); ok {
			return v, nil
		}
		return t.args[1].of(it)
	}
	a, err := t.args[0].of(it)
	if err != nil {
		return a, err
	}
	b, err := t.args[1].of(it)
	if err != nil {
		return b, err
	}
	if t.op == "list_append" {
		if a.kind != kindL || b.kind != kindL {
			return a, wrongOperand()
		}
		return value{kind: kindL, list: append(append([]value{}, a.list...), b.list...)}, nil
	}
	if a.kind != kindN || b.kind != kindN {
		return a, wrongOperand()
	}
	n := b.number()
	if t.op == "-" {
		n = n.negate()
	}
	sum, err := a.number().add(n)
	return numberValue(sum), err
}

func wrongOperand() error {
	return invalid("An operand in the update expression has an incorrect data type")
}
