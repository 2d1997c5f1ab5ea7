package once

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir/state"
)

// DefaultKeep is for how long completed keys are kept. It covers what sources keep by default: SQS 4
// days, Kinesis and DynamoDB Streams one, Kafka 7.
const DefaultKeep = 7 * 24 * time.Hour

// DefaultLease is how long a claim holds where the context has no deadline: as long as a
// Lambda can run.
const DefaultLease = 15 * time.Minute

// Store keeps the keys of one function. It is safe for concurrent use, and meant to live as long as
// the process, for records with one key wait for each other in it.
//
// It can be given to Use, Middleware, Do or Result once. Whoever is second is refused: two functions
// would take each other's keys for done, and two of one code are not told apart, for they may
// have captured different things. Where one function is meant, as by a helper that makes a Lambda and is called
// twice, make a Store for each with the same name and state.Store: they have the same keys, and do not
// run together, but for a record that another works on they fail with ErrInProgress instead of waiting.
type Store struct {
	scope     string
	in        state.Store
	versioner state.Versioner // in, if it is one, or nil
	maxRow    int
	err       error  // what cannot be
	key       string // what its function's keys come from, for errors

	keep, lease time.Duration
	keyless     bool // RunWithoutKey
	unstored    bool // SucceedUnstored
	compare     *Key // Validate
	cache       *cache

	taken   atomic.Bool // by a function
	mu      sync.Mutex  // of misused
	misused error       // by whoever was refused
	failing atomic.Bool // the last claim failed, since the store did
	flights flights
	orphans orphans
	unsaved unsaved
}

// Option is an option of New.
type Option func(*Store)

// New makes a Store in a state.Store, which others may use too. The name sets keys apart: two
// functions that share a name would take each other's keys for their own, and do half of the work.
// So give each its own, and a new one when it shall run again for all keys. The Store is for one call of
// Use, Middleware, Do or Result. What cannot be is told by Err, and fails every record.
func New(name string, in state.Store, opts ...Option) *Store {
	s := &Store{scope: "once:" + name, in: in, keep: DefaultKeep} // pipelines' names have no colon
	switch {
	case in == nil:
		s.refuse("New(%q): the state.Store is nil: give one whose commits are atomic, such as dynamostore.New, or mem.New in tests", name)
		return s
	case in.Caps().Atomic != state.PerBatch:
		s.refuse("New(%q): the store's commits are not atomic, so two could claim a key: take another store", name)
	case name == "":
		s.refuse("New: the name is missing")
	case len(name) > maxName:
		s.refuse("New: the name has %d bytes, more than %d", len(name), maxName)
	}
	s.versioner, _ = in.(state.Versioner)
	s.maxRow = in.Caps().MaxRow
	for i, o := range opts {
		if o == nil {
			s.refuse("New(%q): option %d is nil", name, i)
			continue
		}
		o(s)
	}
	return s
}

// maxName leaves stores room in keys, as pipelines do.
const maxName = 190

func (s *Store) refuse(format string, args ...any) {
	s.err = errors.Join(s.err, fmt.Errorf("once: "+format, args...))
}

// Err says what is wrong with the settings, and with how Use, Middleware, Do and Result were called: with
// what cannot be, or with a Store that was taken. The records of a function that was refused fail with it. Lambda.Err
// says what Use was refused for, and nothing of the others: so ask Err once all functions are made.
//
//	fn := weir.SQS(weir.Each(once.Do(store, Order.Key, ship)))
//	if err := store.Err(); err != nil {
//		log.Fatal(err)
//	}
func (s *Store) Err() error {
	if s == nil {
		return errNilStore
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.err, s.misused)
}

// take gives the store to a function, once.
func (s *Store) take(key string, wrong error) error {
	switch {
	case s == nil:
		return errors.Join(errNilStore, wrong)
	case s.err != nil:
		wrong = errors.Join(s.err, wrong)
	case wrong != nil:
		s.misuse(wrong)
	case !s.taken.CompareAndSwap(false, true):
		wrong = fmt.Errorf("once: New(%q): %w", strings.TrimPrefix(s.scope, "once:"), errTwice)
		s.misuse(wrong)
	default:
		s.key = key
	}
	return wrong
}

// misuse has Err tell what a function was refused for.
func (s *Store) misuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !errors.Is(s.misused, errTwice) || !errors.Is(err, errTwice) { // however often
		s.misused = errors.Join(s.misused, err)
	}
}

// Keep sets for how long a completed key is kept: longer than a record with it can come again. That
// is the retention of the source, plus what a redrive from a dead letter queue may add. The default is
// DefaultKeep.
func Keep(d time.Duration) Option {
	return func(s *Store) {
		if d <= 0 {
			s.refuse("Keep(%v): it takes more than 0", d)
		}
		s.keep = d
	}
}

// Lease sets how long a claim holds, and with it how long the function may take: its context ends
// with the lease. By default a claim holds until a second after Lambda ends the invocation, or for
// DefaultLease where nothing says when that is.
//
// With a shorter lease a record runs sooner whose process was killed. A record that comes back
// before the lease has ended fails once more, which counts as a receive: so a queue's visibility timeout
// should be longer than the lease, as it is with the default if it is longer than the function's timeout.
func Lease(d time.Duration) Option {
	return func(s *Store) {
		if d <= 0 {
			s.refuse("Lease(%v): it takes more than 0", d)
		}
		s.lease = d
	}
}

// RunWithoutKey runs the function unprotected for records that have no key. By default they fail
// with ErrNoKey.
func RunWithoutKey() Option { return func(s *Store) { s.keyless = true } }

// Validate fails a record whose key is completed with ErrPayload, unless another key, such as
// Payload or Pointer("/amount"), says that it has the same content as the record that ran. Of Pointer all
// that is there is compared, also where parts are missing. It needs the record, so it works inside a
// handler only.
func Validate(content Key) Option {
	return func(s *Store) {
		if err := content.check(); err != nil {
			s.refuse("Validate: %w", err)
		}
		s.compare = &content
	}
}

// SucceedUnstored takes a record for done if the function succeeded, though the store took no note
// of it. By default such a record fails with ErrNotStored: it comes back and runs again, so that
// every record that is done is known to be so. With this option it runs twice only if somebody
// delivers it twice, but nobody hears of it.
func SucceedUnstored() Option { return func(s *Store) { s.unstored = true } }

// Cache remembers up to n completed keys in the process, those used last, with their results: for
// them the store is not asked.
func Cache(n int) Option {
	return func(s *Store) {
		if n < 1 {
			s.refuse("Cache(%d): it takes 1 or more", n)
			return
		}
		s.cache = newCache(n)
	}
}
