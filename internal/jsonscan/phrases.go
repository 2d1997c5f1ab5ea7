package jsonscan

import (
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/weir-go/weir/internal/memory"
)

// Phrases know what strings that hold JSON have in common, one after another: what stands between the
// values, such as \",\"status\":\" from one string to the next. Where a phrase stands that followed the
// one before at another time, what it means is put as a whole, instead of each escape by itself. A phrase
// means the same wherever it stands, so one that is learnt amiss costs time and nothing else.
// The zero Phrases is ready to use; it is for one goroutine.
type Phrases struct {
	all     []*phrase
	start   phrase // before the first
	lessons int    // how many more may be learnt
}

const (
	maxPhrases = 128
	maxLessons = 64 // of an event
	maxAfter   = 8
)

// phrase is quotes with a backslash, with names and brackets between them.
type phrase struct {
	escaped Token
	means   Token
	likely  *phrase // what came behind it the last time
	after   []*phrase
}

var noPhrase phrase

// run copies what stands at i, with what the likely phrases mean, up to a quote, backslash or control
// character where none of them stands. It also returns the bytes, or-ed. Up to last there are eight bytes in
// text, and in room, where nothing is further from the start than in text. It is for speed in one loop that
// calls nobody: TestPhrases compares.
func (p *phrase) run(text string, i int, room []byte, j, last int) (_ *phrase, _, _ int, all uint64) {
	for i <= last {
		x := memory.Word(text, i)
		memory.PutWord(room, j, x)
		all |= x // what stands behind the end makes no difference but of time
		m := special(x)
		if m == 0 {
			i, j = i+8, j+8
			continue
		}
		n := bits.TrailingZeros64(m) / 8
		i, j = i+n, j+n
		f := p.likely
		if f == nil || i > last-(maxWords-8) || !f.escaped.outer(text, i) || !f.escaped.inner(text, i) {
			break
		}
		t := &f.means
		memory.PutWord(room, j, t.words[0])
		if t.last > 8 {
			memory.PutWord(room, j+8, t.words[2])
			memory.PutWord(room, j+t.last-8, t.words[3])
		}
		memory.PutWord(room, j+t.last, t.words[1])
		i, j, p = i+len(f.escaped.text), j+len(t.text), f
	}
	return p, i, j, all
}

// Begin makes ready for the strings of another event.
func (p *Phrases) Begin() {
	p.lessons = maxLessons
	if len(p.all) > maxPhrases*3/4 { // of what no longer comes, by now
		p.all, p.start.likely, p.start.after = nil, nil, nil
	}
}

// Unquote is the scanner's Unquote, which it makes faster.
func (p *Phrases) Unquote(s *Scanner, room []byte) (size int, ok bool) { return s.unquote(room, p) }

// other makes the phrase at i, where a quote with a backslash stands, the likely one behind at, and reports
// whether there is one.
func (p *Phrases) other(at *phrase, text string, i int) bool {
	for _, f := range at.after {
		if f.escaped.At(text, i) {
			at.likely = f
			return true
		}
	}
	return p.lessons > 0 && p.learn(at, text, i)
}

// learn makes a phrase of what stands at i, or finds it.
func (p *Phrases) learn(at *phrase, text string, i int) bool {
	p.lessons--
	escaped := text[i:phraseEnd(text, i)]
	f := p.find(escaped)
	if f == nil {
		if len(p.all) == maxPhrases {
			return false
		}
		f = new(phrase)
		f.escaped.Set(strings.Clone(escaped))
		f.means.Set(string(appendUnquoted(nil, escaped)))
		p.all = append(p.all, f)
	}
	if len(at.after) < maxAfter {
		at.after = append(at.after, f)
	}
	at.likely = f
	return true
}

func (p *Phrases) find(escaped string) *phrase {
	for _, f := range p.all {
		if f.escaped.Text() == escaped {
			return f
		}
	}
	return nil
}

const quote = `\"`

// phraseEnd returns the offset behind the phrase at i: a quote with a backslash, and all behind it that
// is brackets, commas, colons, such quotes, or a name with its quotes and colon, as long as it is a token that
// words tell. At least it is the quote.
func phraseEnd(text string, i int) (end int) {
	for end = i; ; {
		next := end
		if strings.HasPrefix(text[end:], quote) {
			next += len(quote)
			name := next
			for name < len(text) && text[name] > ' ' && text[name] != '\\' && text[name] != '"' && text[name] < utf8.RuneSelf {
				name++
			}
			if behind := name + len(quote+":"); behind-i <= maxWords && strings.HasPrefix(text[name:], quote+":") {
				next = behind
			}
		} else if end > i && end < len(text) && strings.IndexByte(",:[]{}", text[end]) >= 0 {
			next++
		}
		if next == end || next-i > maxWords {
			return end
		}
		end = next
	}
}
