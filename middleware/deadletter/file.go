package deadletter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// File is a sink of JSON lines in a file, for workers with a disk; the disk of a Lambda function is
// gone with it. Several processes may append to one file.
type File struct {
	name string
	sync bool

	mu   sync.Mutex
	f    *os.File
	torn bool // the file may end in a part of a letter
}

// FileOption changes how a File is written.
type FileOption func(*File)

// Sync has the disk confirm each letter before its record counts as done, so that none is lost when the
// machine, and not only the process, dies.
func Sync() FileOption { return func(f *File) { f.sync = true } }

// OpenFile makes a sink of a file, which is made if there is none.
func OpenFile(name string, opts ...FileOption) (*File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("deadletter: %w", err)
	}
	sink := &File{name: name, f: f}
	for _, o := range opts {
		if o != nil {
			o(sink)
		}
	}
	if sink.torn, err = endsTorn(f); err != nil {
		return nil, errors.Join(fmt.Errorf("deadletter: %s: %w", name, err), f.Close())
	}
	return sink, nil
}

// Err refuses a File that OpenFile did not make.
func (f *File) Err() error {
	if f == nil || f.f == nil {
		return errNoFile
	}
	return nil
}

var errNoFile = errors.New("deadletter: a File without a file: make it by OpenFile")

// endsTorn reports whether a file ends within a line.
func endsTorn(f *os.File) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 || !info.Mode().IsRegular() {
		return false, err
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], info.Size()-1); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return last[0] != '\n', nil
}

// Send appends a letter. What a process that died left of one stays alone on its line, which Read
// reports.
func (f *File) Send(_ context.Context, l *Letter) error {
	if err := f.Err(); err != nil {
		return err
	}
	data, err := l.Encode()
	if err != nil {
		return err
	}
	data = append(data, '\n')
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.torn {
		data = append([]byte{'\n'}, data...)
	}
	n, err := f.f.Write(data)
	if n > 0 {
		f.torn = n < len(data) && data[n-1] != '\n'
	}
	if err == nil && f.sync {
		err = f.f.Sync()
	}
	if err != nil {
		return fmt.Errorf("deadletter: %s: %w", f.name, err)
	}
	return nil
}

// Close closes the file. Letters that are sent afterwards are refused.
func (f *File) Close() error {
	if err := f.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.f.Close()
}
