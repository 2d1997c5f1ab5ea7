// Package memory is the only place of weir that uses unsafe, and this its only file that does. It writes struct fields
// through their offsets, sees bytes as a string, and cuts small values out of chunks,
// which is what makes decoding a record cost no allocation.
//
// The rules that make it safe: bytes that were seen as a string are never written again;
// a piece cut out of a chunk is handed out once; chunks are made by reflect for their
// element type, so that the garbage collector knows the pointers in them; a Pointer is
// only moved within the value it was taken from.
package memory

import (
	"encoding/binary"
	"reflect"
	"strings"
	"unsafe"
)

// Shareable is the length up to which a text may be referred to from chunks. A chunk lives until it
// is used up, and what stands in it keeps alive what it refers to, also when its owner has long
// let go of it: with texts of any length that could be all the memory there is.
const Shareable = 4096

// Incomparable, as the first field of a struct, says that nobody compares such: else the code for it is in
// every binary that has the type.
type Incomparable [0]func()

// Pointer points to a variable whose type the caller knows.
type Pointer = unsafe.Pointer

// String returns b as a string without copying. Nobody may write to b afterwards.
func String(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// unset returns n bytes of new memory that may hold anything: clearing what is to be written takes as
// long as writing it. A strings.Builder has such memory.
func unset(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}

// Within reports whether part is made of whole's memory.
func Within(part, whole []byte) bool {
	if len(part) == 0 || len(whole) == 0 {
		return false
	}
	at, from := uintptr(Pointer(&part[0])), uintptr(Pointer(&whole[0]))
	return from <= at && at < from+uintptr(len(whole))
}

// Word returns the eight bytes at i, the first one lowest. They have to be there: nobody checks.
func Word(s string, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(Pointer(unsafe.StringData(s)), i))[:])
}

// Sixteen returns a pointer to the sixteen bytes at i. They have to be there: nobody checks.
func Sixteen(b []byte, i int) *[16]byte {
	return (*[16]byte)(unsafe.Add(Pointer(unsafe.SliceData(b)), i))
}

// PutWord writes eight bytes at i, the lowest first. There has to be room: nobody checks.
func PutWord(b []byte, i int, x uint64) {
	binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(Pointer(unsafe.SliceData(b)), i))[:], x)
}

// PutHalf writes four bytes at i, the lowest first. There has to be room: nobody checks.
func PutHalf(b []byte, i int, x uint32) {
	to := (*[4]byte)(unsafe.Add(Pointer(unsafe.SliceData(b)), i)) // as the compiler leaves a NOP for each call it inlines
	to[0], to[1], to[2], to[3] = byte(x), byte(x>>8), byte(x>>16), byte(x>>24)
}

// Cast returns p as a pointer to a T, which is what it has to point to.
func Cast[T any](p Pointer) *T { return (*T)(p) }

// To returns a pointer to what v points to.
func To[T any](v *T) Pointer { return Pointer(v) }

// Of returns a pointer to the variable v, which must be addressable.
func Of(v reflect.Value) Pointer { return Pointer(v.UnsafeAddr()) }

// At returns the variable of type t that p points to.
func At(t reflect.Type, p Pointer) reflect.Value { return reflect.NewAt(t, p).Elem() }

// Field returns a pointer to what stands at an offset of the variable that p points to: a field, or
// an element.
func Field(p Pointer, offset uintptr) Pointer { return unsafe.Add(p, offset) }

// Set writes the variable that p points to, whose type has to have the layout of T.
func Set[T any](p Pointer, v T) { *(*T)(p) = v }

// Same reports whether two interfaces hold pointers of the same type to the same variable.
func Same(a, b any) bool { return *(*[2]uintptr)(Pointer(&a)) == *(*[2]uintptr)(Pointer(&b)) }

// IsNil reports whether the pointer, map, slice or interface that p points to is nil.
func IsNil(p Pointer) bool { return *(*Pointer)(p) == nil }

// SetPart writes text[from:to] to the string variable that p points to. Nobody checks.
func SetPart(p Pointer, text string, from, to int) {
	*(*struct { // the layout of a string
		data Pointer
		len  int
	})(p) = struct {
		data Pointer
		len  int
	}{unsafe.Add(Pointer(unsafe.StringData(text)), from), to - from}
}

// setSlice writes a slice with n elements from first on, and no room behind them, to the slice
// variable p.
func setSlice(p, first Pointer, n int) {
	*(*struct { // the layout of a slice
		data     Pointer
		len, cap int
	})(p) = struct {
		data     Pointer
		len, cap int
	}{first, n, n}
}
