package dynamodb

import "strings"

// token is one word or sign of an expression. what is 'a' for a word, '#' and ':' for
// placeholders, '0' for digits, '=' for comparators, 0 for the end, and else the sign itself.
type token struct {
	what byte
	text string
}

// Limits on expressions. Source: "Quotas", DynamoDB Developer Guide.
const (
	maxExpression = 4096
	maxOperators  = 300
	maxOperands   = 100 // of IN
	maxNesting    = 32  // of a document, and so of a path
)

// parser reads the tokens of one expression. Its methods panic with an *apiError where the
// expression cannot be read on; guard catches it.
type parser struct {
	what      string // "ConditionExpression"
	tokens    []token
	next      int
	operators int
	*placeholders
}

func newParser(what, text string, ph *placeholders) (*parser, error) {
	p := &parser{what: what, placeholders: ph}
	if strings.TrimSpace(text) == "" {
		return nil, p.wrong("The expression can not be empty;")
	}
	if len(text) > maxExpression {
		return nil, p.wrong("Expression size has exceeded the maximum allowed size; expression size: %d", len(text))
	}
	for rest := strings.TrimLeft(text, " \t\r\n"); rest != ""; rest = strings.TrimLeft(rest, " \t\r\n") {
		t := lex(rest)
		if t.what == 0 {
			return nil, p.wrong(`Syntax error; token: "%s", near: "%s"`, t.text, text)
		}
		p.tokens = append(p.tokens, t)
		rest = rest[len(t.text):]
	}
	return p, nil
}

// lex returns the first token of a text that does not begin with a space.
func lex(s string) token {
	c := s[0]
	switch {
	case isLetter(c):
		return token{'a', s[:word(s)]}
	case isDigit(c):
		n := 1
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		return token{'0', s[:n]}
	case c == '#' || c == ':':
		n := 1 + word(s[1:])
		if n == 1 {
			return token{0, s[:1]}
		}
		return token{c, s[:n]}
	case strings.HasPrefix(s, "<>"), strings.HasPrefix(s, "<="), strings.HasPrefix(s, ">="):
		return token{'=', s[:2]}
	case c == '=' || c == '<' || c == '>':
		return token{'=', s[:1]}
	case strings.IndexByte("().,[]+-", c) >= 0:
		return token{c, s[:1]}
	}
	return token{0, s[:1]}
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// word counts the letters, digits and underscores that s begins with.
func word(s string) int {
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !isDigit(c) && c != '_' {
			return i
		}
	}
	return len(s)
}

// guard turns the panic of a parser's method into its error.
func guard(err *error) {
	if r := recover(); r != nil {
		e, ok := r.(*apiError)
		if !ok {
			panic(r)
		}
		*err = e
	}
}

func (p *parser) wrong(format string, args ...any) *apiError {
	e := invalid(format, args...)
	e.message = "Invalid " + p.what + ": " + e.message
	return e
}

func (p *parser) fail(format string, args ...any) { panic(p.wrong(format, args...)) }

// peek returns the token n ahead, 0 for the next one.
func (p *parser) peek(n int) token {
	if p.next+n < len(p.tokens) {
		return p.tokens[p.next+n]
	}
	return token{}
}

func (p *parser) take() token {
	t := p.peek(0)
	p.next++
	return t
}

// unexpected fails at the next token.
func (p *parser) unexpected() {
	t := p.peek(0)
	if t.what == 0 {
		t.text = "<EOF>"
	}
	var near strings.Builder
	for i := max(0, p.next-1); i < min(len(p.tokens), p.next+2); i++ {
		near.WriteString(p.tokens[i].text + " ")
	}
	p.fail(`Syntax error; token: "%s", near: "%s"`, t.text, strings.TrimSpace(near.String()))
}

// accept takes the next token if it is the sign.
func (p *parser) accept(sign byte) bool {
	if p.peek(0).what != sign {
		return false
	}
	p.next++
	return true
}

func (p *parser) expect(sign byte) {
	if !p.accept(sign) {
		p.unexpected()
	}
}

// keyword says whether the next token is the word, in capitals or not.
func (p *parser) keyword(w string) bool {
	t := p.peek(0)
	return t.what == 'a' && strings.EqualFold(t.text, w)
}

func (p *parser) acceptKeyword(w string) bool {
	if !p.keyword(w) {
		return false
	}
	p.next++
	return true
}

func (p *parser) expectKeyword(w string) {
	if !p.acceptKeyword(w) {
		p.unexpected()
	}
}

// operator counts one operator or function.
func (p *parser) operator() {
	if p.operators++; p.operators > maxOperators {
		p.fail("The expression contains too many operators; maximum operator count: %d", maxOperators)
	}
}

// end fails unless all was read.
func (p *parser) end() {
	if p.next < len(p.tokens) {
		p.unexpected()
	}
}
