package memory

import (
	"reflect"
	"unsafe"
)

// maxChunk bounds what one kept slice keeps alive, in bytes; a slice that is longer has a
// chunk of its own.
const maxChunk = 4096

// List builds slices of one type, one after another, in chunks that they share. A slice
// has no room behind its last element, so that appending to it harms no other. The zero
// List is ready to use; it is for one goroutine.
type List struct {
	elem  reflect.Type
	size  uintptr // of elem
	chunk Pointer
	room  int // elements of the chunk
	start int // first element of the slice being built
	end   int // first element that is free
	open  bool
}

// Open reports whether a slice is being built.
func (l *List) Open() bool { return l.open }

// Begin starts a slice with elements of a type, which is the same every time.
func (l *List) Begin(elem reflect.Type) {
	if l.elem == nil {
		l.elem, l.size = elem, elem.Size()
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
	return unsafe.Add(l.chunk, uintptr(l.end-1)*l.size)
}

func (l *List) grow() {
	n := l.end - l.start
	room := min(max(4, 2*l.room), 64, maxChunk/max(1, int(l.size)))
	room = max(room, 1, 2*n)
	chunk := reflect.MakeSlice(reflect.SliceOf(l.elem), room, room)
	if n > 0 {
		reflect.Copy(chunk, reflect.SliceAt(l.elem, unsafe.Add(l.chunk, uintptr(l.start)*l.size), n))
	}
	l.chunk, l.room, l.start, l.end = chunk.UnsafePointer(), room, 0, n
}

// End writes the slice, which has elements, to the slice variable p.
func (l *List) End(p Pointer) {
	n := l.end - l.start
	*(*sliceHeader)(p) = sliceHeader{unsafe.Add(l.chunk, uintptr(l.start)*l.size), n, n}
	l.open = false
}

// Abandon gives the slice up. Its elements are not used again.
func (l *List) Abandon() { l.open = false }
