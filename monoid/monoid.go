// Package monoid has the ways in which a pipeline combines values: sums, extremes, sets,
// means, and what can be built of them.
//
// A monoid is an associative operation with an identity:
//
//	Combine(a, Combine(b, c)) = Combine(Combine(a, b), c)
//	Combine(Identity(), a)    = a = Combine(a, Identity())
//
// So records can be combined in any grouping: within a batch, batch with state, state with
// state. Where equality is approximate (floating point, sketches) the monoid's doc says so.
// Check one of your own with monoidtest.Laws.
package monoid

// Monoid combines values of type V and writes them down. Its methods are called from several
// goroutines at a time.
type Monoid[V any] interface {
	// Name tells the monoid and its parameters from all others, such as "sum/int64" or
	// "topk/10". It is stored with a pipeline's data, and data written under another name
	// is refused; so it must change whenever the encoding or the meaning does.
	Name() string

	// Identity returns the value that changes nothing. Each call returns a value of its own.
	Identity() V

	// Combine returns a and b combined. It must not change either, nor may a later change of
	// the result change them. An error (an overflow, say) leaves everything as it was.
	Combine(a, b V) (V, error)

	// Append appends v, encoded, to dst. Equal values need not encode alike.
	Append(dst []byte, v V) ([]byte, error)

	// Decode reads what Append wrote. It must not keep src, must refuse what it cannot
	// read, and must not allocate more than a small multiple of len(src) to find that out.
	Decode(src []byte) (V, error)
}

// Accumulator is implemented by monoids that can combine in place. Add makes *into the
// combination of *into and v; it may change what *into refers to, never what v does. *into
// comes from Identity or Decode, and nobody else refers to it. After an error *into is as before.
type Accumulator[V any] interface {
	Add(into *V, v V) error
}

// Ordered is implemented by monoids for which Combine(a, b) is not Combine(b, a). A pipeline
// then folds the records of a batch by time. Across batches it cannot: prefer monoids that
// carry the time in their values, such as First and Last.
type Ordered interface {
	Ordered()
}

// Additive is implemented by monoids whose encoding is a decimal integer and whose
// combination is its addition, so that a store can add by itself. Delta returns what v adds.
type Additive[V any] interface {
	Delta(v V) int64
}
