package archive_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"github.com/weir-go/weir/archive"
	"github.com/weir-go/weir/internal/assert"
)

// gz makes a gzip archive with a member for each text.
func gz(members ...string) []byte {
	var b bytes.Buffer
	for _, m := range members {
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(m))
		_ = w.Close()
	}
	return b.Bytes()
}

func tree(files map[string][]byte) fstest.MapFS {
	m := fstest.MapFS{}
	for name, data := range files {
		m[name] = &fstest.MapFile{Data: data}
	}
	return m
}

// collect returns the records as "archive:number:data" until the error.
func collect(ctx context.Context, s *archive.Source) (records []string, err error) {
	for line, err := range s.Lines(ctx) {
		if err != nil {
			return records, err
		}
		records = append(records, fmt.Sprintf("%s:%d:%s", line.Archive, line.Number, line.Data))
	}
	return records, nil
}

func TestF42_ArchivesAreOpened(t *testing.T) {
	t.Parallel()
	const lines = "{\"a\":1}\n{\"a\":2}\n"
	for name, data := range map[string][]byte{
		"plain":                   []byte(lines),
		"gzip":                    gz(lines),
		"gzip of several members": gz("{\"a\":1}\n", "", "{\"a\"", ":2}\n"),
		"gzip in gzip":            gz(string(gz(lines))),
		"gzip of members of gzip": gz(string(gz("{\"a\":1}\n", "{\"a\":2}"))),
		"without newlines":        gz(`{"a":1}{"a":2}`),
		"members of one object":   gz(`{"a":1}`, `{"a":2}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, file := range []string{"part", "part.json", "part.gz"} { // the name says nothing
				s := archive.FS("", tree(map[string][]byte{file: data}))
				_, err := collect(t.Context(), s)
				assert.NoError(t, err)
				got, err := collect(t.Context(), s)
				assert.NoError(t, err)
				assert.Equal(t, got, []string{file + `:1:{"a":1}`, file + `:2:{"a":2}`})
				size, err := s.Size(t.Context())
				assert.NoError(t, err)
				assert.Equal(t, size, int64(len(data)))
				assert.Equal(t, s.Done(), size)
			}
		})
	}
}

func TestF42_NothingToReadIsAnError(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for want, s := range map[string]*archive.Source{
		"archive: there are no archives: is the path, or the prefix, right?": archive.Files([]string{empty}),
		"archive: list: no path is given":                                    archive.Files(nil),
		"archive: list: a path is empty":                                     archive.Files([]string{""}),
		"no such file or directory":                                          archive.Files([]string{filepath.Join(empty, "none")}),
		"archive: there is no place to read from":                            archive.FS("x", nil),
		`none of the 2 archives matches "*.gz", not even x/a.json`:           archive.FS("x", tree(map[string][]byte{"a.json": nil, "b.json": nil}), archive.Match("*.gz")),
		"MaxLine: 0 bytes":                                                   archive.FS("x", tree(nil), archive.MaxLine(0)),
		`the pattern "[": syntax error`:                                      archive.FS("x", tree(nil), archive.Match("[")),
		"option 1 is nil":                                                    archive.FS("x", tree(nil), archive.MaxLine(1), nil),
		"a Decompressor needs a Name, Open":                                  archive.FS("x", tree(nil), archive.Decompress(archive.Decompressor{Name: "x", Magic: []string{""}})),
	} {
		_, err := collect(t.Context(), s)
		assert.Error(t, err, "archive: ", want)
		_, err = s.Size(t.Context())
		assert.Error(t, err, want)
	}
	// An archive may be empty.
	got, err := collect(t.Context(), archive.FS("", tree(map[string][]byte{"a": nil, "b": gz(""), "c": []byte("\n")})))
	assert.NoError(t, err)
	assert.Equal(t, len(got), 0)
}

func TestDamagedArchives(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&many, "{\"n\":%d}\n", i*i)
	}
	whole := gz(many.String())
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 0x10
	checksum := bytes.Clone(whole)
	checksum[len(checksum)-6] ^= 1
	for _, tc := range []struct {
		name  string
		data  []byte
		lines [2]int // at least, at most
		err   string
	}{
		{"cut in the middle", whole[:len(whole)/2], [2]int{1000, 19_000}, "the archive is cut short (unexpected EOF): put a whole copy"},
		{"cut in the trailer", whole[:len(whole)-1], [2]int{20_000, 20_000}, "line 20001: the archive is cut short"},
		{"cut in the header", whole[:5], [2]int{}, "archive: day/part: the archive is cut short"},
		{"a bit flipped", flipped, [2]int{1000, 25_000}, "the archive is corrupt"},
		{"checksum", checksum, [2]int{20_000, 20_000}, "the archive is corrupt (gzip: invalid checksum)"},
		{"something behind", append(bytes.Clone(whole), "garbage garbage"...), [2]int{20_000, 20_000}, "the archive is corrupt (gzip: invalid header)"},
		{"five layers", gz(string(gz(string(gz(string(gz(string(gz("{}"))))))))), [2]int{}, "more than 4 compressions"},
		{"zstd", []byte("\x28\xb5\x2f\xfd...."), [2]int{}, "it is zstd: give the option zstdarchive.Decompress()"},
		{"bzip2", []byte("BZh91AY&SY"), [2]int{}, "it is bzip2: decompress it, or give archive.Decompress"},
		{"zip in gzip", gz("PK\x03\x04...."), [2]int{}, "it is zip: unpack it"},
		{"parquet", []byte("PAR1\x15\x04"), [2]int{}, "it is parquet: convert it"},
		{"UTF-16", []byte("\xff\xfe{\x00}\x00"), [2]int{}, "it is UTF-16"},
		{"a line too long", []byte("{}\n{\"text\":\"" + strings.Repeat("x", 1000)), [2]int{1, 1}, "archive: day/part: line 2: it has more than 1000 bytes: if this"},
		{"a line too long in gzip", gz("{}\n{\"text\":\"" + strings.Repeat("x", 1000)), [2]int{1, 1}, "archive: day/part: line 2: it has more than 1000 bytes: if this"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := archive.FS("day", tree(map[string][]byte{"part": tc.data, "z-behind": []byte("{}")}), archive.MaxLine(1000))
			got, err := collect(t.Context(), s)
			assert.Error(t, err, "archive: day/part: ", tc.err)
			if len(got) < tc.lines[0] || len(got) > tc.lines[1] {
				t.Fatalf("%d records", len(got))
			}
			var where *archive.Error
			assert.Equal(t, errors.As(err, &where), true)
			assert.Equal(t, where.Archive, "day/part")
			if len(got) > 0 {
				assert.Equal(t, where.Line, int64(len(got)+1))
			}
		})
	}
}

func TestCheckNamesEachBadArchive(t *testing.T) {
	t.Parallel()
	s := archive.FS("day", tree(map[string][]byte{"a": gz("{}")[:20], "b": gz("{}"), "c": []byte("PK\x03\x04"), "d": []byte("{}\n{}")}))
	err := s.Check(t.Context())
	assert.Error(t, err, "archive: day/a: line 1: the archive is cut short", "\narchive: day/c: it is zip")
	assert.Equal(t, strings.Count(err.Error(), "\n"), 1)
	size, _ := s.Size(t.Context())
	assert.Equal(t, s.Done(), size)

	assert.NoError(t, archive.FS("", tree(map[string][]byte{"b": gz("{}"), "d": []byte("{}\n{}")})).Check(t.Context()))
	assert.Error(t, archive.Files(nil).Check(t.Context()), "no path is given")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, strings.Count(s.Check(ctx).Error(), "canceled"), 1)
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, data := range map[string]string{
		"b/2": "{}", "b.json": "{}", "b/10": "{}", "a/deep/er/x.gz": string(gz("{}")), "c": "{}", ".hidden": "{}",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		assert.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		assert.NoError(t, os.WriteFile(name, []byte(data), 0o600))
	}
	assert.NoError(t, os.Symlink("c", filepath.Join(dir, "link")))
	names := func(s *archive.Source) (names []string) {
		t.Helper()
		got, err := collect(t.Context(), s)
		assert.NoError(t, err)
		for _, g := range got {
			name, ok := strings.CutPrefix(g, filepath.ToSlash(dir)+"/")
			assert.Equal(t, ok, true)
			names = append(names, strings.TrimSuffix(name, ":1:{}"))
		}
		return names
	}
	all := []string{".hidden", "a/deep/er/x.gz", "b.json", "b/10", "b/2", "c", "link"}
	assert.Equal(t, names(archive.Files([]string{dir})), all)
	assert.Equal(t, names(archive.Files([]string{dir}, archive.Match("*.*"))), []string{".hidden", "a/deep/er/x.gz", "b.json"})
	// The order given, and no file twice, however it is written.
	assert.Equal(t, names(archive.Files([]string{filepath.Join(dir, "c"), dir + "/b/", dir + "/./b/../b/2"})), []string{"c", "b/10", "b/2"})

	got, err := collect(t.Context(), archive.FS("name", os.DirFS(dir)))
	assert.NoError(t, err)
	for i, g := range got {
		assert.Equal(t, g, "name/"+all[i]+":1:{}")
	}

	assert.NoError(t, os.Symlink("a", filepath.Join(dir, "d")))
	_, err = collect(t.Context(), archive.Files([]string{dir}))
	assert.Error(t, err, "d is a link to a directory: give that as a path of its own")
	pipe := fstest.MapFS{"a/fifo": {Mode: fs.ModeNamedPipe}}
	_, err = collect(t.Context(), archive.FS("", pipe))
	assert.Error(t, err, "a/fifo is no regular file")
}

func TestRelativePathsHaveAbsoluteNames(t *testing.T) {
	t.Parallel()
	got, err := collect(t.Context(), archive.Files([]string{"doc.go"}))
	assert.NoError(t, err)
	want, err := filepath.Abs("doc.go")
	assert.NoError(t, err)
	assert.Contains(t, got[0], filepath.ToSlash(want)+":1:// Package archive")
}

func TestTimeOfFirehosePaths(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 2, 29, 23, 0, 0, 0, time.UTC)
	for name, want := range map[string]time.Time{
		"2024/02/29/23/part-1":                     at,
		"orders/2024/02/29/23/part-1.gz":           at,
		"orders2024/02/29/23/part-1.gz":            at, // a prefix without a slash
		"1999/01/01/00/2024/02/29/23/part-1":       at,
		"2024/02/29/23/deeper/down/part-1":         at,
		"2024/02/29/23":                            {}, // a file
		"2024/02/29/part-1":                        {},
		"2023/02/29/23/part-1":                     {}, // no leap year
		"2024/02/29/24/part-1":                     {},
		"2024/2/29/23/part-1":                      {},
		"year=2024/month=02/day=29/hour=23/part-1": {},
		"part-1": {},
		"orders-1-2024-02-29-23-00-00-0e7f4a60/part-1": {},
	} {
		for line, err := range archive.FS("bucket", tree(map[string][]byte{name: []byte("{}")})).Lines(t.Context()) {
			assert.NoError(t, err)
			assert.Equal(t, line.Time, want, name)
		}
	}
}

// place is archives of one's own, and counts what is open.
type place struct {
	entries []archive.Entry
	open    func(name string) (io.Reader, error)
	lists   int
	handles int
}

func (p *place) List(context.Context) ([]archive.Entry, error) {
	p.lists++
	if p.lists == 1 {
		return nil, errors.New("not now")
	}
	return p.entries, nil
}

func (p *place) Open(_ context.Context, name string) (io.ReadCloser, error) {
	r, err := p.open(name)
	if err != nil {
		return nil, err
	}
	p.handles++
	return &handle{r, p}, nil
}

type handle struct {
	io.Reader
	p *place
}

func (h *handle) Close() error {
	h.p.handles--
	return nil
}

func TestArchivesOfOnesOwn(t *testing.T) {
	t.Parallel()
	broken := errors.New("the network is down")
	p := &place{entries: []archive.Entry{{Name: "z", Size: 20}, {Name: "a", Size: 100}, {Name: "gone"}}}
	p.open = func(name string) (io.Reader, error) {
		switch name {
		case "z":
			return bytes.NewReader(gz("{}\n{}")), nil
		case "cut":
			return io.MultiReader(bytes.NewReader(gz("{}\n{}")[:20]), iotest.ErrReader(fmt.Errorf("%w: %w", broken, io.ErrUnexpectedEOF))), nil
		case "a":
			return io.MultiReader(strings.NewReader("{}\n{"), iotest.ErrReader(broken)), nil
		}
		return nil, fs.ErrNotExist
	}
	s := archive.New(p)
	_, err := collect(t.Context(), s)
	assert.Error(t, err, "archive: list: not now")
	size, err := s.Size(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, size, 120)
	for range 2 {
		got, err := collect(t.Context(), s)
		assert.Equal(t, errors.Is(err, broken), true)
		assert.Error(t, err, "archive: a: line 2: the network is down")
		assert.Equal(t, got, []string{"z:1:{}", "z:2:{}", "a:1:{}"})
	}
	assert.Equal(t, p.lists, 2, "a list that was read stays")
	assert.Equal(t, p.handles, 0)

	p.entries = slices.Insert(slices.Clone(p.entries[2:]), 1, p.entries[0])
	got, err := collect(t.Context(), archive.New(p))
	assert.Error(t, err, "archive: gone: file does not exist")
	assert.Equal(t, len(got), 0)

	// What the network does is not the archive's fault.
	p.entries = []archive.Entry{{Name: "cut"}}
	err = archive.New(p).Check(t.Context())
	assert.Equal(t, errors.Is(err, broken), true)
	assert.Equal(t, strings.Contains(err.Error(), "put a whole copy"), false)
	p.entries = []archive.Entry{{Name: "z"}}

	// Two of a name would be taken for one.
	p.entries = append(p.entries, p.entries[0])
	assert.Error(t, archive.New(p).Check(t.Context()), "archive: two archives have the name z")
	p.entries = p.entries[:1]

	// Whoever stops early leaves nothing open.
	for range archive.New(p, archive.Match("z")).Lines(t.Context()) {
		assert.Equal(t, p.handles, 1)
		break
	}
	assert.Equal(t, p.handles, 0)
}

func TestLinesEndWithTheContext(t *testing.T) {
	t.Parallel()
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	n := 0
	for _, err := range archive.FS("", tree(map[string][]byte{"a": []byte("1\n2\n3\n"), "b": []byte("4")})).Lines(ctx) {
		if n++; n == 2 {
			cancel(why)
		}
		if n == 3 {
			assert.Equal(t, errors.Is(err, why), true)
			assert.Error(t, err, "archive: a: line 2: enough")
		}
	}
	assert.Equal(t, n, 3)
	_, err := collect(ctx, archive.FS("", tree(map[string][]byte{"a": []byte("1")})))
	assert.Error(t, err, "archive: a: enough")
}

// shout is a compression of capital letters.
type shout struct {
	io.Reader
	closed *int
}

func (s shout) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	copy(b, bytes.ToLower(b[:n]))
	return n, err
}

func (s shout) Close() error {
	*s.closed++
	return nil
}

func TestDecompressorOfOnesOwn(t *testing.T) {
	t.Parallel()
	closed := 0
	opt := archive.Decompress(archive.Decompressor{
		Name:  "shout",
		Magic: []string{"!", "HEY"},
		Open: func(r io.Reader) (io.ReadCloser, error) {
			if _, err := io.CopyN(io.Discard, r, 4); err != nil {
				return nil, err
			}
			return shout{r, &closed}, nil
		},
	})
	s := archive.FS("", tree(map[string][]byte{"a": []byte("HEY {\"A\":1}"), "b": gz("!!!!{}"), "c": []byte("!")}), opt)
	got, err := collect(t.Context(), s)
	assert.Equal(t, got, []string{`a:1:{"a":1}`, "b:1:{}"})
	assert.Error(t, err, "archive: c: the archive cannot be read as shout: EOF")
	assert.Equal(t, closed, 2)
}
