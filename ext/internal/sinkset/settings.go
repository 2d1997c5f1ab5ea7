// Package sinkset has the settings that sinks of dead letters share, and what is wrong with them.
package sinkset

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/weir-go/weir/middleware/deadletter"
)

// Settings are those of a sink. Their zero value is that of a sink which nobody made, and is refused.
type Settings struct {
	name    string // of the package
	wrong   error
	limit   int
	archive deadletter.Archive
}

// New returns the settings of a sink of a package. The limit is how many bytes a letter may have.
func New(name string, limit int) Settings { return Settings{name: name, limit: limit} }

// Apply sets options, which may be given as a package's own type.
func Apply[S any, O ~func(*S)](s *Settings, to *S, opts []O) {
	for i, o := range opts {
		if o == nil {
			s.Refuse("option %d is nil", i)
			continue
		}
		o(to)
	}
}

// Refuse says that a setting cannot be.
func (s *Settings) Refuse(format string, args ...any) {
	s.wrong = errors.Join(s.wrong, fmt.Errorf(s.name+": "+format, args...))
}

// Client refuses a client that is nil, also as a pointer.
func (s *Settings) Client(c any) {
	if isNil(c) {
		s.Refuse("the client is nil")
	}
}

// Limit changes the limit. No highest is 0.
func (s *Settings) Limit(n, highest int) {
	switch {
	case highest > 0 && (n < 1024 || n > highest):
		s.Refuse("Limit(%d): it takes 1024 to %d bytes", n, highest)
	case n < 1024:
		s.Refuse("Limit(%d): it takes 1024 bytes or more", n)
	}
	s.limit = n
}

// Archive sets an archive. One that was made with settings that cannot be is refused at once, and not when
// the first letter is too large.
func (s *Settings) Archive(a deadletter.Archive) {
	if isNil(a) {
		s.Refuse("Archive(nil): leave it out to fail what is too large")
	} else if k, ok := a.(interface{ Err() error }); ok && k.Err() != nil {
		s.Refuse("Archive: %w", k.Err())
	}
	s.archive = a
}

// Err says what is wrong with the settings of a sink of a package.
func (s *Settings) Err(pkg string) error {
	if s.name == "" {
		return fmt.Errorf("%s: a Sink without settings: make it by %s.New", pkg, pkg)
	}
	return s.wrong
}

// Fit encodes a letter so that what is beside it has room too.
func (s *Settings) Fit(ctx context.Context, l *deadletter.Letter, beside int) ([]byte, error) {
	return l.Fit(ctx, s.limit-beside, s.archive)
}

func isNil(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}
