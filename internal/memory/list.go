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
	chunk Pointer
	room  int // elements of the chunk
	start int // first element of the slice being built
	end   int // first element that is free
	open  bool
}

// Open reports whether a slice is being built.
func (l *List) Open() bool { return l.open }

// Begin starts a slice.
func (l *List) Begin() { l.start, l.open = l.end, true }

// Next returns a pointer to the slice's next element, which is zero. Elements handed out
// before may have moved.
func (l *List) Next(elem reflect.Type) Pointer {
	if l.end == l.room {
		l.grow(elem)
	}
	l.end++
	return unsafe.Add(l.chunk, uintptr(l.end-1)*elem.Size())
}

func (l *List) grow(elem reflect.Type) {
	n := l.end - l.start
	room := min(max(4, 2*l.room), 64, maxChunk/max(1, int(elem.Size())))
	room = max(room, 1, 2*n)
	chunk := reflect.MakeSlice(reflect.SliceOf(elem), room, room)
	if n > 0 {
		reflect.Copy(chunk, reflect.SliceAt(elem, unsafe.Add(l.chunk, uintptr(l.start)*elem.Size()), n))
	}
	l.chunk, l.room, l.start, l.end = chunk.UnsafePointer(), room, 0, n
}

// End writes the slice, which has elements, to the slice variable p.
func (l *List) End(elem reflect.Type, p Pointer) {
	n := l.end - l.start
	*(*sliceHeader)(p) = sliceHeader{unsafe.Add(l.chunk, uintptr(l.start)*elem.Size()), n, n}
	l.open = false
}

// Abandon gives the slice up. Its elements are not used again.
func (l *List) Abandon() { l.open = false }
