package memory

import "reflect"

// maxChunk bounds what one kept slice or variable keeps alive, in bytes; a slice that is
// longer has a chunk of its own. With the word that the runtime puts before what has pointers, it is
// a size that the runtime allocates: with 8192, that word would cost 1,280 bytes.
const maxChunk = 9472 - 8

// List builds slices of one type, one after another, in chunks that they share. A slice
// has no room behind its last element, so that appending to it harms no other. It is for one
// goroutine.
type List struct {
	_     Incomparable
	elem  reflect.Type
	size  uintptr       // of elem
	most  int           // how many of them make a chunk
	chunk reflect.Value // a slice
	base  Pointer       // of its first element
	room  int           // how many there are
	start int           // first element of the slice being built
	end   int           // first element that is free
	open  bool
}

// NewList returns a List that makes slices of a type.
func NewList(slice reflect.Type) *List {
	size := slice.Elem().Size()
	return &List{elem: slice.Elem(), size: size, most: max(1, maxChunk/max(1, int(size))), chunk: reflect.New(slice).Elem()}
}

// Open reports whether a slice is being built.
func (l *List) Open() bool { return l.open }

// Begin starts a slice.
func (l *List) Begin() {
	if l.room > l.most { // the chunk of a longer slice, which it has alone
		l.end = l.room
	}
	l.start, l.open = l.end, true
}

// Next returns a pointer to the slice's next element, which is zero. Elements handed out
// before may have moved.
func (l *List) Next() Pointer {
	if l.end == l.room {
		l.grow()
	}
	l.end++
	return l.at(l.end - 1)
}

func (l *List) at(i int) Pointer { return Field(l.base, uintptr(i)*l.size) }

// grow moves what there is of the slice to a new chunk.
func (l *List) grow() {
	n := l.end - l.start
	old := *l
	room := max(2*n, min(max(4, 2*l.room), l.most))
	l.chunk.SetZero()
	l.chunk.Grow(room)
	l.base, l.room, l.start, l.end = l.chunk.UnsafePointer(), room, 0, n
	for i := range n {
		At(l.elem, l.at(i)).Set(At(l.elem, old.at(old.start+i)))
	}
}

// End writes the slice, which has elements, to the slice variable p.
func (l *List) End(p Pointer) {
	setSlice(p, l.at(l.start), l.end-l.start)
	l.open = false
}

// Abandon gives the slice up. Its elements are not used again.
func (l *List) Abandon() { l.open = false }
