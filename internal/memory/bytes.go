package memory

// chunkSize is how much one kept piece keeps alive at most; one that is longer than a
// quarter of it has memory of its own.
const chunkSize = 32 << 10

// Bytes cuts byte slices out of chunks. The zero Bytes is ready to use; it is for one
// goroutine.
type Bytes struct {
	chunk []byte
	used  int
	next  int  // size of the next chunk
	own   bool // the last piece is not of the chunk
}

// smallChunk is what several small batches share.
const smallChunk = 4 << 10

// Expect says that about n bytes will be asked for, so that a small batch takes no large
// chunk and a large one no small ones.
func (a *Bytes) Expect(n int) { a.next = max(n, smallChunk) }

// Take returns n bytes. They may hold anything.
func (a *Bytes) Take(n int) []byte {
	if n > len(a.chunk)-a.used || a.chunk == nil {
		if a.own = n > chunkSize/4; a.own {
			return unset(n)
		}
		a.renew(n)
	}
	a.own = false
	from := a.used
	a.used += n
	return a.chunk[from:a.used:a.used]
}

func (a *Bytes) renew(least int) {
	size := min(max(a.next, 512, least), chunkSize)
	a.chunk, a.used, a.next = unset(size), 0, 2*size
}

// Rest returns what is left of the chunk. It is not taken yet: a Take of part of it returns
// that part as it is.
func (a *Bytes) Rest() []byte { return a.chunk[a.used:] }

// More makes Rest return more than it did, unless that was much.
func (a *Bytes) More() bool {
	little := len(a.Rest()) < chunkSize/4
	if little {
		a.renew(0)
	}
	return little
}

// Trim returns the first n bytes of b, which is what Take returned last. The others may be
// taken again.
func (a *Bytes) Trim(b []byte, n int) []byte {
	if !a.own {
		a.used -= len(b) - n
	}
	return b[:n:n]
}

// Copy returns a copy of b.
func (a *Bytes) Copy(b []byte) []byte {
	c := a.Take(len(b))
	copy(c, b)
	return c
}

// String returns a copy of s.
func (a *Bytes) String(s string) string {
	c := a.Take(len(s))
	copy(c, s)
	return String(c)
}
