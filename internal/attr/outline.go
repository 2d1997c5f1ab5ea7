package attr

import (
	"github.com/weir-go/weir/internal/jsonscan"
)

// Outline says where the values of an image stand, for decoding it without reading it again. The
// zero Outline says nothing.
type Outline struct {
	leaves *leaves
	marks  []mark
}

// mark is a value: its leaf, and in the lower 24 bits its length.
type mark uint32

const (
	maxLeaves = 256 // that a mark can tell apart
	maxMarks  = 128 // in an image
	maxValue  = 1<<24 - 1
)

// leaves are the leaves known. They are added to while others read those that are there.
type leaves [maxLeaves]*leaf

// leaf is a value and what leads to it from the value before: such as "},"status":{"S":" from a string
// to a string. It compares what comes with that, where reading it would take longer.
type leaf struct {
	jsonscan.Token
	number int
	kind   kind
	typ    string   // of the attribute, such as S
	path   []string // its name, behind those of the maps around it
	back   []int    // from the value back to the attribute values that it opens, the innermost last

	likely  *leaf // the leaf after it, the last time
	follows []*leaf
}

// kind is how the end of a leaf's value is found.
type kind uint8

const (
	end   kind = iota // there is no value: the image has ended
	text              // a string; the leaf has its quote
	word              // true or false
	other             // whatever it is
)

// maxFollows bounds what images that are not alike can cost.
const maxFollows = 16

// after returns the leaf that follows in the text, or nil.
func (st *leaf) after(text string, at int) *leaf {
	if st.likely != nil && st.likely.At(text, at) {
		return st.likely
	}
	for _, f := range st.follows {
		if f.At(text, at) {
			st.likely = f
			return f
		}
	}
	return nil
}

// Outliner outlines images, one after another. What it knows of images comes from those before. It is
// for one goroutine.
type Outliner struct {
	leaves *leaves
	number int    // of leaves
	start  leaf   // leads to the first
	marks  []mark // those of the last images
	lasts  int    // how many images it still learns from
}

// lessons is how many images of an event are learnt from.
const lessons = 16

// Begin makes ready for the images of another event.
func (o *Outliner) Begin() { o.lasts = lessons }

// End gives up what the images of the event have used.
func (o *Outliner) End() { o.marks = nil }

// Outline outlines the image that begins at an offset of text, and returns the offset behind it. It
// returns -1 unless the image is valid JSON and made of known leaves.
func (o *Outliner) Outline(text string, at int) (_ Outline, behind int) {
	if len(o.marks)+maxMarks > cap(o.marks) {
		o.marks = make([]mark, 0, 4*maxMarks)
	}
	first := len(o.marks)
	marks := o.marks
	for st := &o.start; ; {
		if st = st.after(text, at); st == nil {
			return Outline{}, -1
		}
		at += st.Len()
		if st.kind == end {
			o.marks = marks
			return Outline{o.leaves, marks[first:len(marks):len(marks)]}, at
		}
		to := st.valueEnd(text, at)
		if to < 0 || to-at > maxValue || len(marks)-first == maxMarks {
			return Outline{}, -1
		}
		marks = append(marks, mark(st.number<<24|(to-at)))
		at = to
	}
}

// valueEnd returns the end of the leaf's value, or -1 where it takes more than a look.
func (st *leaf) valueEnd(s string, at int) int {
	switch st.kind {
	case text:
		return jsonscan.Closing(s, at)
	case word:
		if len(s)-at >= 4 && s[at:at+4] == "true" {
			return at + 4
		}
		if len(s)-at >= 5 && s[at:at+5] == "false" {
			return at + 5
		}
		return -1
	}
	return jsonscan.PlainEnd(s, at)
}
