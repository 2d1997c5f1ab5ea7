package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"sync"
	"sync/atomic"
)

// Archives is a place that has archives. Files, FS and package s3archive have one each; New
// takes others.
type Archives interface {
	// List returns all archives, in the order in which they are to be read. Their names must
	// be the same whenever the archives are listed, and no two may be alike.
	List(ctx context.Context) ([]Entry, error)

	// Open opens an archive of the list. A reader that has to give up before the end must
	// return another error than io.EOF.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
}

// Entry is one archive of a list.
type Entry struct {
	Name string
	Size int64 // in bytes, as stored
}

// Source is a number of archives. It is safe for concurrent use.
type Source struct {
	archives Archives
	limit    int
	match    string
	known    []Decompressor
	err      error // of the options

	done atomic.Int64

	mu   sync.Mutex
	list []Entry
}

// Option applies to a Source.
type Option func(*Source) error

// New returns a Source of archives that are kept in a place of one's own.
func New(archives Archives, opts ...Option) *Source {
	s := &Source{archives: archives, limit: 16 << 20, known: []Decompressor{gzipDecompressor}}
	var errs []error
	if archives == nil {
		errs = append(errs, errors.New("archive: there is no place to read from: it is nil"))
	}
	for i, o := range opts {
		if o == nil {
			errs = append(errs, fmt.Errorf("archive: option %d is nil", i))
		} else if err := o(s); err != nil {
			errs = append(errs, fmt.Errorf("archive: %w", err))
		}
	}
	s.err = errors.Join(errs...)
	return s
}

// MaxLine sets how many bytes a record may have, to bound memory. The default is 16 MiB.
func MaxLine(n int) Option {
	return func(s *Source) error {
		if n <= 0 {
			return fmt.Errorf("MaxLine: %d bytes hold no line", n)
		}
		s.limit = n
		return nil
	}
}

// Match limits a Source to archives whose names, without directories, match a pattern of
// path.Match: "*.gz".
func Match(pattern string) Option {
	return func(s *Source) error {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("Match: the pattern %q: %w", pattern, err)
		}
		s.match = pattern
		return nil
	}
}

// Decompress makes known another compression.
func Decompress(d Decompressor) Option {
	return func(s *Source) error {
		if d.Name == "" || d.Open == nil || len(d.Magic) == 0 || slices.Contains(d.Magic, "") {
			return errors.New("Decompress: a Decompressor needs a Name, Open, and Magic that is not empty")
		}
		s.known = append(s.known, d)
		return nil
	}
}

// Size returns the size of all archives, in bytes as stored. Lists are read once: what is added
// to a place afterwards is not part of the Source.
func (s *Source) Size(ctx context.Context) (int64, error) {
	list, err := s.entries(ctx)
	var size int64
	for _, e := range list {
		size += e.Size
	}
	return size, err
}

// Done returns how much of Size the last Lines has read. It is a little ahead of the lines.
func (s *Source) Done() int64 { return s.done.Load() }

// Lines yields the records of all archives. An error is the last thing it yields.
//
// The records that come before the error of a corrupt archive may be wrong, since its checksum
// stands at the end. Check finds out before anything is done with them.
func (s *Source) Lines(ctx context.Context) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		s.done.Store(0)
		list, err := s.entries(ctx)
		if err != nil {
			yield(Line{}, err)
			return
		}
		c := &cutter{limit: s.limit}
		for _, e := range list {
			if !s.read(ctx, e.Name, c, yield) {
				return
			}
		}
	}
}

// Check reads all archives once, and returns an error for each that cannot be read.
func (s *Source) Check(ctx context.Context) error {
	s.done.Store(0)
	list, err := s.entries(ctx)
	errs := []error{err}
	c := &cutter{limit: s.limit}
	for _, e := range list {
		s.read(ctx, e.Name, c, func(_ Line, err error) bool {
			if err != nil {
				errs = append(errs, err)
			}
			return true
		})
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// read yields the records of one archive, and reports whether to go on.
func (s *Source) read(ctx context.Context, name string, c *cutter, yield func(Line, error) bool) bool {
	fail := func(line int64, err error) bool {
		yield(Line{}, &Error{Archive: name, Line: line, Err: err})
		return false
	}
	if ctx.Err() != nil {
		return fail(0, context.Cause(ctx))
	}
	raw, err := s.archives.Open(ctx, name)
	if err != nil {
		return fail(0, err)
	}
	defer func() { _ = raw.Close() }() // it was only read
	text, err := peel(&counter{raw, &s.done}, s.known)
	if err != nil {
		text.Close()
		return fail(0, text.explain(err))
	}
	defer text.Close()
	line := Line{Archive: name, Time: pathTime(name)}
	c.reset(text)
	for {
		if ctx.Err() != nil {
			return fail(c.line, context.Cause(ctx))
		}
		line.Data, err = c.next()
		if err == io.EOF {
			return true
		}
		if err != nil {
			return fail(c.line, text.explain(err))
		}
		line.Number = c.number
		if !yield(line, nil) {
			return false
		}
	}
}

// entries returns the list, which is read once.
func (s *Source) entries(ctx context.Context) ([]Entry, error) {
	if s.err != nil {
		return nil, s.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list != nil {
		return s.list, nil
	}
	all, err := s.archives.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("archive: list: %w", err)
	}
	if len(all) == 0 {
		return nil, errors.New("archive: there are no archives: is the path, or the prefix, right?")
	}
	seen := make(map[string]bool, len(all))
	for _, e := range all {
		if seen[e.Name] {
			return nil, fmt.Errorf("archive: two archives have the name %s: their records could not be told apart", e.Name)
		}
		seen[e.Name] = true
	}
	list := all
	if s.match != "" {
		list = slices.DeleteFunc(slices.Clone(all), func(e Entry) bool {
			ok, _ := path.Match(s.match, path.Base(e.Name))
			return !ok
		})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("archive: none of the %d archives matches %q, not even %s", len(all), s.match, all[0].Name)
	}
	s.list = list
	return s.list, nil
}

// counter counts what is read of an archive.
type counter struct {
	r    io.Reader
	done *atomic.Int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.done.Add(int64(n))
	return n, err
}
