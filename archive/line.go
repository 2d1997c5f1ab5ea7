package archive

import (
	"path"
	"strconv"
	"strings"
	"time"
)

// Line is one record of an archive.
type Line struct {
	// Archive is the name of the file, the same whenever it is read: an absolute path, the
	// name given to FS and the path below it, or s3://bucket/key.
	Archive string

	// Number tells the records of an archive apart, and is the same whenever it is read. It is the
	// number of the line, from 1, empty lines counted. Where a line holds several JSON
	// objects, each counts as a line.
	Number int64

	// Data is the line without the space around it. It is the caller's to keep, and shares memory
	// with the lines beside it, about 64 KB of them.
	Data []byte

	// Time is the hour that the archive's path names in the layout of Firehose, as in
	// orders/2026/11/25/18/part-1.gz, in UTC. It is zero for other paths.
	Time time.Time
}

// pathTime finds the last YYYY/MM/DD/HH among the directories of a path. There may be text in
// front of the year, since Firehose puts a prefix there as it is.
func pathTime(name string) time.Time {
	dirs := strings.Split(path.Dir(name), "/")
	for i := len(dirs) - 4; i >= 0; i-- {
		year := dirs[i]
		if len(year) < 4 {
			continue
		}
		text := year[len(year)-4:] + "/" + strings.Join(dirs[i+1:i+4], "/")
		if t, err := time.Parse("2006/01/02/15", text); err == nil {
			return t
		}
	}
	return time.Time{}
}

// Error says where an archive cannot be read.
type Error struct {
	Archive string
	Line    int64 // the line that cannot be read, from 1; 0 if the archive cannot be opened
	Err     error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Line == 0 {
		return "archive: " + e.Archive + ": " + e.Err.Error()
	}
	return "archive: " + e.Archive + ": line " + strconv.FormatInt(e.Line, 10) + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }
