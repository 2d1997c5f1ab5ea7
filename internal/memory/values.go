package memory

import "reflect"

// Values makes variables in chunks. The zero Values is ready to use; it is for one goroutine.
type Values[T any] struct {
	free []T
	room int // of the last chunk
}

// New returns a new zero variable.
func (v *Values[T]) New() *T {
	if len(v.free) == 0 {
		v.room = max(1, min(2*v.room, maxChunk/max(1, int(reflect.TypeFor[T]().Size()))))
		v.free = make([]T, v.room)
	}
	t := &v.free[0]
	v.free = v.free[1:]
	return t
}
