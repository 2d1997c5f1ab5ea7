package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files returns a Source of files. A path may be that of a directory, which stands for all files
// in it and below, sorted by name. The paths are read in the order given, and no file twice.
//
// A file's name is its absolute path. Files that are read now here and now there need names that
// do not depend on it: use FS with os.DirFS.
func Files(paths []string, opts ...Option) *Source {
	return New(files(slices.Clone(paths)), opts...)
}

type files []string

func (f files) List(context.Context) ([]Entry, error) {
	if len(f) == 0 {
		return nil, errors.New("no path is given")
	}
	var all []Entry
	seen := map[string]bool{}
	for _, p := range f {
		if p == "" {
			return nil, errors.New("a path is empty")
		}
		root, err := filepath.Abs(p)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(root)
		if err != nil {
			return nil, err
		}
		found := []Entry{{root, info.Size()}}
		if info.IsDir() {
			if found, err = walk(os.DirFS(root)); err != nil {
				return nil, fmt.Errorf("%s: %w", p, err)
			}
			for i := range found {
				found[i].Name = filepath.Join(root, filepath.FromSlash(found[i].Name))
			}
		}
		for _, e := range found {
			if e.Name = filepath.ToSlash(e.Name); !seen[e.Name] {
				seen[e.Name] = true
				all = append(all, e)
			}
		}
	}
	return all, nil
}

func (f files) Open(_ context.Context, name string) (io.ReadCloser, error) {
	return os.Open(filepath.FromSlash(name))
}

// FS returns a Source of all files of a file system, sorted by name. The name given stands in
// front of theirs: it tells one file system's archives from another's, and should stay the same
// wherever they are kept.
func FS(name string, fsys fs.FS, opts ...Option) *Source {
	if fsys == nil {
		return New(nil, opts...)
	}
	if name != "" {
		name += "/"
	}
	return New(tree{name, fsys}, opts...)
}

type tree struct {
	prefix string
	fsys   fs.FS
}

func (t tree) List(context.Context) ([]Entry, error) {
	all, err := walk(t.fsys)
	for i := range all {
		all[i].Name = t.prefix + all[i].Name
	}
	return all, err
}

func (t tree) Open(_ context.Context, name string) (io.ReadCloser, error) {
	return t.fsys.Open(strings.TrimPrefix(name, t.prefix))
}

// walk lists the files of a file system, sorted by name as S3 sorts. Links to files are followed.
// What else is there is an error, so that nothing is left out in silence.
func walk(fsys fs.FS) ([]Entry, error) {
	var all []Entry
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := fs.Stat(fsys, name)
		switch {
		case err != nil:
			return err
		case info.IsDir():
			return fmt.Errorf("%s is a link to a directory: give that as a path of its own, or take the link away", name)
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is no regular file: take it away", name)
		}
		all = append(all, Entry{name, info.Size()})
		return nil
	})
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}
