package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/weir-go/weir/ext/boltstore"
	"github.com/weir-go/weir/pipeline"
)

// Database is a bbolt file that pipelines keep their data in.
type Database struct {
	*boltstore.Store
	Path string // "" for a temporary file

	db  *bbolt.DB
	dir string // to be removed
}

// patience is how long to wait for another process to close the file.
const patience = time.Second

// OpenDatabase opens a file, or makes it. Without a path it makes a temporary one, which nobody
// needs after a power failure: so it is not synced to the disk.
func OpenDatabase(ctx context.Context, path string) (*Database, error) {
	d := &Database{Path: path}
	file, options := path, &bbolt.Options{Timeout: patience}
	if path == "" {
		var err error
		if d.dir, err = os.MkdirTemp("", "weir-demo-"); err != nil {
			return nil, err
		}
		file = filepath.Join(d.dir, "demo.db")
		options.NoSync, options.NoFreelistSync, options.NoGrowSync = true, true, true
	}
	var err error
	if d.db, err = bbolt.Open(file, 0o600, options); err != nil {
		_ = d.Close()
		return nil, explain(path, err)
	}
	if d.Store, err = boltstore.New(d.db); err == nil {
		_, err = Departures(d).Get(ctx, "") // which looks at what the data was written with
	}
	if err != nil {
		_ = d.Close()
		return nil, explain(path, err)
	}
	return d, nil
}

func explain(path string, err error) error {
	switch {
	case errors.Is(err, pipeline.ErrOtherPipeline):
		return fmt.Errorf("%s has totals of another version of the demo, and was left as it is: give another --db: %w", path, err)
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("another process has %s open: wait until it has ended, or give another --db", path)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum):
		return fmt.Errorf("%s is no bbolt database (%w): give another --db", path, err)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("no database can be kept there: %w: give a --db that may be written", err)
	}
	return fmt.Errorf("no database can be kept there: %w", err) // the path is in it
}

// Close closes the file, and removes it if it is temporary.
func (d *Database) Close() error {
	var err error
	if d.db != nil {
		err = d.db.Close()
	}
	if d.dir != "" {
		err = errors.Join(err, os.RemoveAll(d.dir))
	}
	return err
}
