package dynamodb

import "strings"

// condition is a node of a condition's tree: AND, OR and NOT have kids, the rest has operands.
type condition struct {
	op   string
	kids []*condition
	args []operand
}

// operand is a path, or a value that the request holds, or the size of what a path leads to.
type operand struct {
	path    path
	literal *value
	sized   bool
}

// parseCondition reads a condition, filter or key condition; nil stays nil.
func parseCondition(what string, text *string, ph *placeholders) (c *condition, err error) {
	if text == nil {
		return nil, nil
	}
	defer guard(&err)
	p, err := newParser(what, *text, ph)
	if err != nil {
		return nil, err
	}
	c, _ = p.or()
	p.end()
	return c, nil
}

// The second result of these methods says that the condition stands in parentheses.

func (p *parser) or() (*condition, bool)  { return p.chain("OR", p.and) }
func (p *parser) and() (*condition, bool) { return p.chain("AND", p.not) }

// chain reads conditions with one operator between them.
func (p *parser) chain(op string, part func() (*condition, bool)) (*condition, bool) {
	first, wrapped := part()
	if !p.keyword(op) {
		return first, wrapped
	}
	c := &condition{op: op, kids: []*condition{first}}
	for p.acceptKeyword(op) {
		p.operator()
		kid, _ := part()
		c.kids = append(c.kids, kid)
	}
	return c, false
}

func (p *parser) not() (*condition, bool) {
	if !p.acceptKeyword("NOT") {
		return p.primary()
	}
	p.operator()
	kid, _ := p.not()
	return &condition{op: "NOT", kids: []*condition{kid}}, false
}

func (p *parser) primary() (*condition, bool) {
	if p.accept('(') {
		c, wrapped := p.or()
		p.expect(')')
		if wrapped {
			p.fail("The expression has redundant parentheses;")
		}
		return c, true
	}
	if p.peek(0).what == 'a' && p.peek(1).what == '(' && p.peek(0).text != "size" {
		return p.predicate(), false
	}
	return p.comparison(), false
}

// predicates have the number of their operands.
var predicates = map[string]int{"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2}

func (p *parser) predicate() *condition {
	c := &condition{op: p.take().text}
	want, ok := predicates[c.op]
	if !ok {
		if c.op == "if_not_exists" || c.op == "list_append" {
			p.fail("The function is not allowed in a condition expression; function: %s", c.op)
		}
		p.fail("Invalid function name; function: %s", c.op)
	}
	p.operator()
	p.expect('(')
	c.args = p.operands()
	p.expect(')')
	if len(c.args) != want {
		p.fail("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", c.op, len(c.args))
	}
	p.checkPredicate(c)
	return c
}

func (p *parser) operands() []operand {
	args := []operand{p.operand()}
	for p.accept(',') {
		args = append(args, p.operand())
	}
	return args
}

func (p *parser) operand() operand {
	t := p.peek(0)
	switch {
	case t.what == ':':
		v := p.literal()
		return operand{literal: &v}
	case t.what == 'a' && p.peek(1).what == '(':
		p.next++
		if t.text != "size" {
			p.fail("The function is not allowed to be used this way in an expression; function: %s", t.text)
		}
		p.operator()
		p.expect('(')
		o := operand{sized: true}
		if p.peek(0).what == ':' {
			v := p.literal()
			o.literal = &v
			if _, ok := sizeOf(v); !ok {
				p.wrongType("operator or function", "size", v)
			}
		} else {
			o.path = p.path()
		}
		p.expect(')')
		return o
	}
	return operand{path: p.path()}
}

func (p *parser) comparison() *condition {
	first := p.operand()
	t := p.peek(0)
	c := &condition{op: t.text, args: []operand{first}}
	p.operator()
	switch {
	case t.what == '=':
		p.next++
		c.args = append(c.args, p.operand())
	case p.acceptKeyword("BETWEEN"):
		c.op = "BETWEEN"
		c.args = append(c.args, p.operand())
		p.expectKeyword("AND")
		c.args = append(c.args, p.operand())
	case p.acceptKeyword("IN"):
		c.op = "IN"
		p.expect('(')
		c.args = append(c.args, p.operands()...)
		p.expect(')')
		if len(c.args) > maxOperands+1 {
			p.fail("The IN operator has too many operands; number of operands: %d", len(c.args)-1)
		}
	default:
		if first.sized {
			p.fail("The function is not allowed to be used this way in an expression; function: size")
		}
		p.unexpected()
	}
	p.checkComparison(c)
	return c
}

// wrongType fails over the type of a value that the request holds.
func (p *parser) wrongType(role, op string, v value) {
	p.fail("Incorrect operand type for operator or function; %s: %s, operand type: %s", role, op, v.kind)
}

func (p *parser) checkPredicate(c *condition) {
	first := c.args[0]
	if (strings.HasPrefix(c.op, "attribute_") && first.literal != nil) || (first.sized && c.op != "contains" && c.op != "begins_with") {
		p.fail("Operator or function requires a document path; operator or function: %s", c.op)
	}
	if len(c.args) == 1 {
		return
	}
	second := c.args[1].literal
	switch c.op {
	case "attribute_type":
		if second == nil || second.kind != kindS {
			p.fail("Incorrect operand type for operator or function; operator or function: attribute_type, operand type: it must be a value of type S")
		}
		switch kind(second.text) {
		case kindS, kindN, kindB, kindSS, kindNS, kindBS, kindM, kindL, kindBool, kindNull:
		default:
			p.fail("Invalid attribute type name found; type: %s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", second.text)
		}
	case "begins_with":
		for _, a := range c.args {
			if a.sized || a.literal != nil && a.literal.kind != kindS && a.literal.kind != kindB {
				v := value{kind: kindN}
				if !a.sized {
					v = *a.literal
				}
				p.wrongType("operator or function", c.op, v)
			}
		}
	}
	p.distinct(c)
}

func (p *parser) checkComparison(c *condition) {
	p.distinct(c)
	if c.op == "=" || c.op == "<>" || c.op == "IN" {
		return
	}
	for _, a := range c.args {
		if a.literal == nil || a.sized {
			continue
		}
		if _, ordered := a.literal.compare(*a.literal); !ordered {
			p.wrongType("operator", c.op, *a.literal)
		}
	}
	if low, high := c.args[1].literal, c.args[len(c.args)-1].literal; c.op == "BETWEEN" && low != nil && high != nil && !c.args[1].sized && !c.args[2].sized {
		order, same := low.compare(*high)
		if !same {
			p.fail("The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: %s, upper bound operand: %s", low.kind, high.kind)
		}
		if order > 0 {
			p.fail("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: %s, upper bound operand: %s", low.text, high.text)
		}
	}
}

// distinct refuses to compare a path with itself.
func (p *parser) distinct(c *condition) {
	first := c.args[0]
	if first.path == nil {
		return
	}
	for _, a := range c.args[1:] {
		if a.path != nil && a.sized == first.sized && a.path.String() == first.path.String() {
			p.fail("The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %v", c.op, first.path)
		}
	}
}
