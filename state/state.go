// Package state is what pipelines ask of a store: to read rows, and to write several of them
// together or not at all. Store is the contract, statetest.Run checks it.
//
// Packages with stores: state/mem in this module, and boltstore, dynamostore, redisstore and pgstore in
// the module github.com/weir-go/weir/ext. A user of pipelines needs none of the types here.
package state

import (
	"context"
	"iter"
	"time"
)

// Kind says what a row is for. The kinds are stored: never renumber them.
type Kind uint8

const (
	Value   Kind = 1 // an aggregate; Name is its key, At its window
	Receipt Kind = 2 // identifiers of records that are in aggregates
	Meta    Kind = 3 // what a pipeline's data was written with
)

// Key names a row. Name is any string, also "" and invalid UTF-8, of up to MaxName bytes; At
// is any int64.
type Key struct {
	Kind Kind
	Name string
	At   int64
}

// MaxName is the length of a Name that every store takes, in bytes.
const MaxName = 900

// Row is what is stored under a key.
type Row struct {
	Key

	// Version is 0 for a row that does not exist. It changes with every write, to a value that
	// the row never had before, not even before it was deleted.
	Version uint64

	// Data is what was written, or the decimal integer that was added up.
	Data []byte

	// Expires is when the row may be deleted, to the second; zero is never. A store may delete it
	// then, or later, or never; until then it returns it, and the caller sees by Expires.
	Expires time.Time
}

// Write changes one row.
type Write struct {
	Key

	// If Add is false, Data replaces the row's data, provided that the row still has Version: 0
	// means that it must not exist. Data may be empty.
	Version uint64
	Data    []byte

	// If Add is true, Delta is added to the row's data, which must be a decimal int64 as
	// strconv.FormatInt writes it; a row that does not exist counts as 0. Version and Data are
	// not looked at. Only for stores with Caps.Adds.
	Add   bool
	Delta int64

	// Expires replaces the row's; zero is never.
	Expires time.Time
}

// Atomicity says what of a Commit holds together.
type Atomicity uint8

const (
	// None: writes may be applied in part, and Version is looked at on a best-effort basis.
	// A pipeline on such a store needs a Deduper, and is exact unless a process dies, or a
	// store's answer is lost, between the beginning of a commit and the Deduper's confirmation.
	None Atomicity = iota

	// PerBatch: all writes of a Commit are applied, or none.
	PerBatch
)

// Caps is what a store can do.
type Caps struct {
	Atomic   Atomicity
	MaxRows  int  // writes of one Commit, 0 for any number
	MaxBytes int  // of data in one Commit, 0 for any
	MaxRow   int  // bytes of data in one row, 0 for any
	Adds     bool // takes Write.Add
	OnlyAdds bool // takes nothing else for rows of kind Value; implies Adds
}

// Store keeps the rows of pipelines, apart by the pipeline's name. It is safe for concurrent
// use. It must not retry by itself what may have been applied (an SDK below it may, as long as
// the store can tell), must not keep or change the slices it is given, and returns memory that
// the caller may keep.
type Store interface {
	Caps() Caps

	// Load reads rows, and returns one for each key, in the order of keys. A row that does not
	// exist has Version 0. Keys are distinct and of any number. The rows need not be of one moment,
	// but each includes every Commit that returned nil before Load was called, if consistent is
	// true.
	Load(ctx context.Context, pipeline string, keys []Key, consistent bool) ([]Row, error)

	// Commit applies writes, of distinct keys and within Caps, all or none.
	//
	// It returns nil if all were applied. An error that matches ErrConflict, ErrOverflow,
	// ErrNotNumber or ErrRefused means that nothing was and never will be. Any other error means
	// that they may have been applied, or may yet be.
	Commit(ctx context.Context, pipeline string, writes []Write) error
}

// Versioner is implemented by stores that can tell which versions a Commit gave to its rows, so that
// they can be written again without being read. A store that wraps another one may lack it, so its
// callers must do without.
type Versioner interface {
	// CommitVersions is Commit, and returns the Version that it gave to each row, one per write and
	// in the order of writes. They are what Load gives then, unless somebody has written since.
	//
	// Errors mean what those of Commit mean, and come without versions: if the writes may have been
	// applied, Load tells the versions.
	CommitVersions(ctx context.Context, pipeline string, writes []Write) (versions []uint64, err error)
}

// Lister is implemented by stores that can tell which rows there are.
type Lister interface {
	// List yields the rows of a kind, without their data, in any order. Rows written meanwhile may
	// be missing; every other is there once. After an error it yields nothing more.
	List(ctx context.Context, pipeline string, kind Kind) iter.Seq2[Row, error]
}

// Ranger is implemented by stores that can read neighbouring rows for less than one by one.
type Ranger interface {
	// Range yields the rows of kind and name whose At is in [from, to], in ascending order.
	Range(ctx context.Context, pipeline string, kind Kind, name string, from, to int64, consistent bool) iter.Seq2[Row, error]
}
