package attr

import (
	"slices"
	"strings"

	"github.com/weir-go/weir/internal/jsonscan"
)

// maxPath is how many maps are looked into.
const maxPath = 8

// lesson reads an image to make leaves of it.
type lesson struct {
	jsonscan.Scanner
	o     *Outliner
	image string
	at    *leaf // the last one
	from  int   // where its value ended
	path  []string
}

// Learn makes images like this one known. It has to be valid JSON.
func (o *Outliner) Learn(image string) {
	if o.lessons == 0 || len(image) > maxImage {
		return
	}
	o.lessons--
	if o.leaves == nil || o.number > maxLeaves*3/4 {
		o.leaves, o.number, o.start = new(leaves), 0, leaf{}
	}
	l := lesson{o: o, image: image, at: &o.start}
	l.Reset(image)
	if l.attributes() {
		l.add(end, "", l.Offset(), l.Offset())
	}
}

// attributes reads an attribute map, and reports whether leaves could be made of it.
func (l *lesson) attributes() bool {
	for l.Object(); l.MoreKeys(); {
		l.path = append(l.path, l.Key())
		if l.Kind() != '{' || !l.value() {
			return false
		}
		l.path = l.path[:len(l.path)-1]
	}
	return l.Err() == nil
}

// value reads an attribute value, which may have one type only.
func (l *lesson) value() bool {
	l.Object()
	if !l.MoreKeys() {
		return false
	}
	typ := strings.Clone(l.Key())
	k := l.Kind()
	start := l.Offset()
	switch {
	case typ == "M" && k == '{' && len(l.path) < maxPath && l.image[start+1] != '}':
		if from := l.from; !l.attributes() || l.from == from { // a map without values would go unnoticed
			return false
		}
	case k == '"':
		l.Skip()
		l.add(text, typ, start+1, l.Offset()-1)
	case k == 't' || k == 'f':
		l.Skip()
		l.add(word, typ, start, l.Offset())
	default:
		l.Skip()
		l.add(other, typ, start, l.Offset())
	}
	return l.at != nil && !l.MoreKeys()
}

// add makes the leaf known, or finds it.
func (l *lesson) add(k kind, typ string, start, behind int) {
	st := l.find(k, l.image[l.from:start])
	if st == nil && l.o.number < maxLeaves {
		st = &leaf{kind: k, typ: typ, number: l.o.number}
		st.before.Set(strings.Clone(l.image[l.from:start]))
		for _, name := range l.path {
			st.path = append(st.path, strings.Clone(name))
		}
		l.o.leaves[st.number] = st
		l.o.number++
	}
	if st != nil && !slices.Contains(l.at.follows, st) {
		if len(l.at.follows) == maxFollows {
			st = nil
		} else {
			l.at.follows = append(l.at.follows, st)
		}
	}
	l.at.likely = st
	l.at, l.from = st, behind
}

func (l *lesson) find(k kind, text string) *leaf {
	for _, st := range l.o.leaves[:l.o.number] {
		if st.kind == k && st.before.Text() == text && slices.Equal(st.path, l.path) {
			return st
		}
	}
	return nil
}
