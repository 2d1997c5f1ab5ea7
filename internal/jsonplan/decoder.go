package jsonplan

import (
	"bytes"

	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// doubt is the offset that stands for "ask encoding/json".
const doubt = -1

// maxDepth is how deep the plan follows a text; encoding/json has a higher limit.
const maxDepth = 500

// decoder is the state of one Decode. Its methods take the offset to read from and
// return the offset behind what they read, or doubt.
type decoder struct {
	text  []byte
	depth int
	scan  jsonscan.Scanner // for what is not wanted
	bytes memory.Bytes     // for what is not in text as it is wanted
	lists []*memory.List   // one for each slice node
}

// space skips white space.
func (d *decoder) space(i int) int {
	if uint(i) < uint(len(d.text)) && d.text[i] > ' ' {
		return i
	}
	return d.spaces(i)
}

func (d *decoder) spaces(i int) int {
	for i < len(d.text) {
		switch d.text[i] {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

// ends reports whether nothing but white space is left.
func (d *decoder) ends(i int) bool { return i >= 0 && d.spaces(i) == len(d.text) }

// word reads one of the three words there are.
func (d *decoder) word(i int, w string) int {
	if d.has(i, w) {
		return i + len(w)
	}
	return doubt
}

// has reports whether s stands at i.
func (d *decoder) has(i int, s string) bool {
	return len(d.text)-i >= len(s) && string(d.text[i:i+len(s)]) == s
}

// more reads what stands behind a value in brackets: the comma, and the space behind
// it, or the end.
func (d *decoder) more(i int, end byte) (next int, more bool) {
	if uint(i) >= uint(len(d.text)) || d.text[i] <= ' ' {
		if i = d.spaces(i); i == len(d.text) {
			return doubt, false
		}
	}
	switch d.text[i] {
	case ',':
		return d.space(i + 1), true
	case end:
		d.depth--
		return i + 1, false
	}
	return doubt, false
}

// enter reads an opening bracket, which the caller has seen at i, and the space
// behind it. There is more unless the closing one follows at once.
func (d *decoder) enter(i int, end byte) (next int, more bool) {
	if d.depth++; d.depth > maxDepth {
		return doubt, false
	}
	if i = d.space(i + 1); i < len(d.text) && d.text[i] == end {
		d.depth--
		return i + 1, false
	}
	return i, true
}

// quoted reads the string at i if it stands for itself: text[i+1:end].
func (d *decoder) quoted(i int) (end int) {
	if uint(i) >= uint(len(d.text)) || d.text[i] != '"' {
		return doubt
	}
	return jsonscan.Closing(memory.String(d.text), i+1)
}

// unquote reads any string at i.
func (d *decoder) unquote(i int) (value []byte, next int) {
	end := i + 1
	for end < len(d.text) && d.text[end] != '"' {
		if d.text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(d.text) || d.text[i] != '"' {
		return nil, doubt
	}
	var s jsonscan.Scanner
	s.Reset(memory.String(d.text[i : end+1]))
	room := d.bytes.Take(3 * (end - i)) // an ill-formed byte becomes the three of U+FFFD
	value = s.AppendString(room[:0])
	if s.Err() != nil {
		return nil, doubt
	}
	if len(room) > memory.Shareable {
		return bytes.Clone(value), end + 1
	}
	return d.bytes.Trim(room, len(value)), end + 1
}
