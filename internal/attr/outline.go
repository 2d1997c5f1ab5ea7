package attr

import (
	"strings"

	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// Outline is an image without what it has in common with others: the values alone, each behind the
// number of its leaf and its length. It makes decoding the image easy, and takes less memory than the image.
// The zero Outline says nothing.
type Outline struct {
	_      [0]func() // nobody compares them
	leaves *leaves
	values string
}

const (
	maxLeaves = 256  // that their numbers can tell apart
	maxImage  = 4096 // bytes
	headSize  = 3    // bytes before a value
)

// leaves are the leaves known. They are added to while others read those that are there.
type leaves [maxLeaves]*leaf

// leaf is a value and what leads to it from the value before: such as "},"status":{"S":" from a string
// to a string. It compares what comes with that, where reading it would take longer.
type leaf struct {
	before jsonscan.Token
	number int
	kind   kind
	typ    string   // of the attribute, such as S
	path   []string // its name, behind those of the maps around it

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

// other returns the leaf that follows where it is not the likely one, or nil.
func (l *leaf) other(text string, at int) *leaf {
	for _, f := range l.follows {
		if f.before.At(text, at) {
			l.likely = f
			return f
		}
	}
	return nil
}

// Outliner outlines images, one after another. What it knows of images comes from those before. It is
// for one goroutine.
type Outliner struct {
	leaves  *leaves
	number  int  // of leaves
	start   leaf // leads to the first
	lessons int  // how many images it still learns from
}

// Begin makes ready for the images of another event.
func (o *Outliner) Begin() { o.lessons = maxLessons }

// maxLessons is how many images of an event are learnt from.
const maxLessons = 16

// Outline outlines the image that begins at an offset of text, and returns the offset behind it. It
// returns -1 unless the image is valid JSON and made of known leaves.
func (o *Outliner) Outline(s string, at int, room *memory.Bytes) (_ Outline, behind int) {
	if len(room.Rest()) < maxImage/4 {
		room.More()
	}
	size, end := o.outline(s, at, room.Rest())
	if end < 0 && len(room.Rest()) < maxImage && room.More() { // it may have been too little
		size, end = o.outline(s, at, room.Rest())
	}
	if end < 0 || end-at > maxImage {
		return Outline{}, -1
	}
	return Outline{leaves: o.leaves, values: seen(room, size)}, end
}

func (o *Outliner) outline(s string, at int, room []byte) (size, behind int) {
	n, l := 0, &o.start
	for {
		next := l.likely
		if next == nil || !(next.before.Edges(s, at) && next.before.Middle(s, at)) {
			if next = l.other(s, at); next == nil {
				return 0, -1
			}
		}
		l = next
		at += l.before.Len()
		if l.kind == end {
			return n, at
		}
		if len(room)-n < headSize {
			return 0, -1
		}
		size, to := 0, 0
		if l.kind == text {
			to = jsonscan.CopyClosing(s, at, room[n+headSize:])
			if size = to - at; to < 0 {
				size, to = unquote(s, at, room[n+headSize:])
			}
		} else {
			to = l.copyOther(s, at, room[n+headSize:])
			size = to - at
		}
		if to < 0 {
			return 0, -1
		}
		room[n], room[n+1], room[n+2] = byte(l.number), byte(size), byte(size>>8)
		n, at = n+headSize+size, to
	}
}

// unquote copies the value of a text with escapes.
func unquote(s string, at int, room []byte) (size, to int) {
	var scan jsonscan.Scanner
	scan.Reset(s)
	scan.Jump(at - 1)
	size, ok := scan.Unquote(room)
	if !ok {
		return 0, -1
	}
	return size, scan.Offset() - 1
}

func seen(b *memory.Bytes, n int) string {
	if n == 0 {
		return ""
	}
	return memory.String(b.Take(n))
}

// copyOther copies a value that is no text into room, if there is enough, and returns its end, or -1 where
// that takes more than a look.
func (l *leaf) copyOther(s string, at int, room []byte) (to int) {
	if l.kind == other {
		to = jsonscan.PlainEnd(s, at)
	} else if strings.HasPrefix(s[at:], "true") {
		to = at + len("true")
	} else if strings.HasPrefix(s[at:], "false") {
		to = at + len("false")
	} else {
		return -1
	}
	if to < 0 || to-at > len(room) {
		return -1
	}
	copy(room, s[at:to])
	return to
}
