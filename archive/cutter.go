package archive

import (
	"bytes"
	"fmt"
	"io"
)

// block is how much is read at a time, and the size of the memory that lines share.
const block = 64 << 10

// cutter cuts a text into records: at newlines, and between JSON objects that follow each other
// on a line.
type cutter struct {
	r     io.Reader
	limit int // of a record, in bytes

	buf []byte // what has been read; never overwritten, since records are views of it
	pos int    // of the first byte that no record has
	err error  // of r

	line   int64 // of pos, from 1
	number int64 // of the last record
	begun  bool  // the line has a record
}

// reset starts with another text. The rest of the buffer's memory is used on.
func (c *cutter) reset(r io.Reader) {
	*c = cutter{r: r, limit: c.limit, buf: c.buf[len(c.buf):], line: 1}
}

// next returns the next record, io.EOF behind the last one.
func (c *cutter) next() ([]byte, error) {
	if c.line == 1 && !c.begun && c.number == 0 {
		if err := c.skipMark(); err != nil {
			return nil, err
		}
	}
	if err := c.skipSpace(); err != nil {
		return nil, err
	}
	n, err := c.length()
	if err != nil {
		return nil, err
	}
	data := bytes.TrimRight(c.buf[c.pos:c.pos+n], " \t\r")
	c.pos += n
	c.number++
	c.begun = true
	return data[:len(data):len(data)], nil
}

// skipMark skips a byte order mark at the beginning.
func (c *cutter) skipMark() error {
	const mark = "\ufeff"
	for len(c.buf)-c.pos < len(mark) {
		if err := c.more(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
	if string(c.buf[c.pos:c.pos+len(mark)]) == mark {
		c.pos += len(mark)
	}
	return nil
}

// skipSpace goes to the first byte of a record. It counts the lines it passes.
func (c *cutter) skipSpace() error {
	for {
		for ; c.pos < len(c.buf); c.pos++ {
			switch c.buf[c.pos] {
			case ' ', '\t', '\r':
			case '\n':
				if !c.begun {
					c.number++ // an empty line
				}
				c.line++
				c.begun = false
			default:
				return nil
			}
		}
		if err := c.more(); err != nil {
			return err
		}
	}
}

// length returns the length of the record at pos.
func (c *cutter) length() (int, error) {
	// Most records are a line each, and are found without a look at every byte.
	near := c.buf[c.pos:min(c.pos+maxNear, len(c.buf))]
	if n := bytes.IndexByte(near, '\n'); n >= 0 && n <= c.limit && !several(near[:n]) {
		return n, nil
	}
	var s scan
	n := 0
	for {
		rest := c.buf[c.pos:]
		more, ended := s.run(rest[n:])
		n += more
		if n > c.limit {
			return 0, tooLong(c.limit)
		}
		if ended {
			return n, nil
		}
		if err := c.more(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return 0, err
		}
	}
}

// maxNear bounds the search for a newline, which is in vain where there are none.
const maxNear = 4 << 10

// several reports whether a line may have several records: there is a brace that opens right
// behind one that closes.
func several(line []byte) bool {
	for i := 1; i < len(line); i++ {
		next := bytes.IndexByte(line[i:], '{')
		if next < 0 {
			return false
		}
		i += next
		before := bytes.TrimRight(line[:i], " \t\r")
		if n := len(before); n > 0 && before[n-1] == '}' {
			return true
		}
	}
	return false
}

// tooLong is the error of a record over the limit.
type tooLong int

func (e tooLong) Error() string {
	return fmt.Sprintf("it has more than %d bytes: if this is an archive of JSON lines, raise the limit with archive.MaxLine", int(e))
}

// more reads on. Errors of the reader stay.
func (c *cutter) more() error {
	if c.err != nil {
		return c.err
	}
	if rest := c.buf[c.pos:]; cap(c.buf)-len(c.buf) < block/16 {
		c.buf = append(make([]byte, 0, max(block, 2*len(rest))), rest...)
		c.pos = 0
	}
	var n int
	for range 100 {
		n, c.err = c.r.Read(c.buf[len(c.buf):cap(c.buf)])
		c.buf = c.buf[:len(c.buf)+n]
		if n > 0 {
			return nil // c.err is for the next time
		}
		if c.err != nil {
			return c.err
		}
	}
	c.err = io.ErrNoProgress
	return c.err
}

// scan is where a record stands: it goes on until a newline, or if it is a JSON object, until
// another one begins right behind it. Only objects are told apart, since that is what
// producers send, and lines of a log may well begin with several words in brackets.
type scan struct {
	in    place
	depth int
}

type place uint8

const (
	front  place = iota
	object       // and not in a string
	text         // a string in there
	escape       // behind a backslash in a string
	behind       // the object is whole
	other        // anything else, which only a newline ends
)

// run goes through b until the record ends, and returns how far that is.
func (s *scan) run(b []byte) (n int, ended bool) {
	in, depth := s.in, s.depth
	for i, c := range b {
		if c == '\n' {
			return i, true
		}
		switch in {
		case text:
			switch c {
			case '"':
				in = object
			case '\\':
				in = escape
			}
		case object:
			switch c {
			case '"':
				in = text
			case '{':
				depth++
			case '}':
				if depth--; depth == 0 {
					in = behind
				}
			}
		case escape:
			in = text
		case behind:
			switch c {
			case '{':
				return i, true
			case ' ', '\t', '\r':
			default:
				in = other
			}
		case front:
			in = other
			if c == '{' {
				in, depth = object, 1
			}
		}
	}
	s.in, s.depth = in, depth
	return len(b), false
}
