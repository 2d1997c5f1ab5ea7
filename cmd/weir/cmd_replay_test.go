package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.etcd.io/bbolt"

	"github.com/weir-go/weir/archive"
	"github.com/weir-go/weir/cmd/weir/internal/demo"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
	"github.com/weir-go/weir/ext/boltstore"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
)

// archived writes flights to a file, and returns its path.
func archived(t *testing.T, name string, list []flights.Flight) string {
	t.Helper()
	var b bytes.Buffer
	if err := flights.WriteLines(&b, list, strings.HasSuffix(name, ".gz")); err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".zst") {
		z, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		b = *bytes.NewBuffer(z.EncodeAll(b.Bytes(), nil))
	}
	return written(t, name, b.Bytes())
}

func written(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// wantFolded compares a file with a fold of flights that is none of the pipeline's.
func wantFolded(t *testing.T, db string, list []flights.Flight) {
	t.Helper()
	d, err := demo.OpenDatabase(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	type day struct{ airport, date string }
	got, want := map[day]monoid.Average{}, map[day]monoid.Average{}
	for _, f := range list {
		k := day{f.Origin, strings.ReplaceAll(f.Date[:10], "/", "-")}
		want[k] = monoid.Average{Sum: want[k].Sum + float64(f.Delay), Count: want[k].Count + 1}
	}
	p := demo.Departures(d)
	first, last := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2002, 1, 1, 0, 0, 0, 0, time.UTC)
	for airport, err := range p.AllKeys(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for r, err := range p.Windows(t.Context(), airport, first, last) {
			if err != nil {
				t.Fatal(err)
			}
			got[day{airport, r.From.Format("2006-01-02")}] = r.Value.First
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) { // maps print sorted
		t.Errorf("the totals are not those of a direct fold")
	}
}

// replayed returns the JSON of a replay.
func replayed(t *testing.T, code int, args ...string) (r replayReport) {
	t.Helper()
	got, out, stderr := weir(t, append([]string{"replay", "--json"}, args...)...)
	if got != code || stderr != "" {
		t.Fatalf("exit code %d, stderr %q", got, stderr)
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// What came through Lambda functions is recognised in the archive, and what was poison there is
// merged from it.
func TestReplayAfterDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, file := filepath.Join(dir, "flights.db"), filepath.Join(dir, "flights.jsonl.gz")
	code, out, _ := demoOf(t, some(), nil, "--db", db, "--archive", file, "--poison", "2%")
	if code != 0 || !strings.Contains(out, "the flights are in "+file) {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	first := replayed(t, 0, "--db", db, file)
	if first.Records != 1000 || first.Merged < 5 || first.Merged > 50 || first.Merged+first.Duplicates != 1000 || first.Flights != 1000 {
		t.Errorf("%+v", first)
	}
	wantFolded(t, db, some())
	code, out, progress := weir(t, "replay", "--db", db, file)
	for _, want := range []string{
		"\n1,000 records: 0 merged, 1,000 duplicates recognised, 0 failed\nnothing in " + db + " has changed\n" + db + " has 1,000 flights\n",
		"replaying ", "AIRPORT   DEPARTURES",
	} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit code %d, no %q in\n%s", code, want, out)
		}
	}
	if !strings.Contains(progress, "1,000 records: 0 merged, 1,000 recognised, 0 failed; ") || strings.Contains(progress, "\r") {
		t.Errorf("progress %q", progress)
	}
}

func TestReplayOfAllKinds(t *testing.T) {
	t.Parallel()
	list := some()
	db := filepath.Join(t.TempDir(), "flights.db")
	files := []string{archived(t, "plain", list[:300]), archived(t, "day.gz", list[300:600]), filepath.Dir(archived(t, "day.zst", list[600:]))}
	r := replayed(t, 0, append(files, "--db", db, "--batch", "77")...)
	if r.Merged != 1000 || r.Flights != 1000 || r.DB != db || len(r.Airports) < 50 {
		t.Errorf("%+v", r)
	}
	wantFolded(t, db, list)
}

func TestReplayListsFailures(t *testing.T) {
	t.Parallel()
	list := some()[:40]
	var text strings.Builder
	for i, f := range list {
		if i%2 == 0 {
			f.Date = "tomorrow, late"
		}
		line, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(line)
		text.WriteString("\n")
	}
	text.WriteString("[1,\n\"" + strings.Repeat("x", 1000) + "\"\n{}\n")
	file := written(t, "mixed", []byte(text.String()))
	db := filepath.Join(t.TempDir(), "flights.db")
	code, out, _ := weir(t, "replay", "--db", db, file)
	for _, want := range []string{
		"\n23 records failed:\n  " + nearName(file) + ":1  panic: runtime error: slice bounds out of range",
		"\n  and 3 more\n", "\n43 records: 20 merged, 0 duplicates recognised, 23 failed\n",
	} {
		if code != 1 || !strings.Contains(out, want) {
			t.Errorf("exit code %d, no %q in\n%s", code, want, out)
		}
	}
	r := replayed(t, 1, "--db", db, file)
	if r.Failed != 23 || r.Duplicates != 20 || len(r.Failures) != 23 || r.Failures[20] != (replayFailure{file, 41, "undecodable: unexpected end of JSON input"}) {
		t.Errorf("%+v", r)
	}
}

func TestReplayBadInput(t *testing.T) {
	t.Parallel()
	list := some()
	good := archived(t, "good.gz", list)
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.db")
	db, err := bbolt.Open(other, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	store, err := boltstore.New(db)
	if err != nil {
		t.Fatal(err)
	}
	p := &pipeline.Pipeline[flights.Flight, int64]{
		Name: "departures", Key: func(flights.Flight) string { return "" }, Value: func(flights.Flight) int64 { return 1 },
		Aggregate: monoid.Count(), StoreIn: store,
	}
	if _, err := pipeline.Replay(t.Context(), p, archive.Files([]string{good})); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	busy := filepath.Join(t.TempDir(), "busy.db")
	held, err := demo.OpenDatabase(t.Context(), busy)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { held.Close() })
	locked := filepath.Join(t.TempDir(), "locked")
	if err := os.Mkdir(locked, 0o500); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		db, archive, want string
		asUser            bool
	}{
		"missing":          {archive: "no/such/file", want: "no/such/file: no such file or directory"},
		"empty directory":  {archive: t.TempDir(), want: "there are no archives"},
		"cut short":        {archive: written(t, "cut.gz", whole[:len(whole)/2]), want: "nothing was replayed: archive: "},
		"unknown kind":     {archive: written(t, "a.bz2", []byte("BZh91AY&SY")), want: "it is bzip2: decompress it"},
		"other definition": {db: other, want: other + " has totals of another version of the demo, and was left as it is: give another --db: "},
		"in use":           {db: busy, want: "another process has " + busy + " open: wait until it has ended"},
		"no database":      {db: written(t, "notes.txt", bytes.Repeat([]byte("notes"), 5000)), want: "notes.txt is no bbolt database"},
		"directory as db":  {db: t.TempDir(), want: "is a directory"},
		"no directory":     {db: filepath.Join(t.TempDir(), "no", "x.db"), want: "no database can be kept there: open "},
		"read only":        {db: filepath.Join(locked, "x.db"), want: "give a --db that may be written", asUser: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.asUser && os.Getuid() == 0 {
				t.Skip("skipped: root may write everywhere")
			}
			if c.archive == "" {
				c.archive = good
			}
			if c.db == "" {
				c.db = filepath.Join(t.TempDir(), "new.db")
			}
			code, out, stderr := weir(t, "replay", "--json", "--db", c.db, c.archive)
			if code != 1 || out != "" || !strings.Contains(stderr, c.want) || !strings.HasPrefix(stderr, "weir replay: ") {
				t.Errorf("exit code %d, stdout %.200q, stderr %q", code, out, stderr)
			}
		})
	}
	for _, args := range [][]string{{"--db", other}, {"--db", busy}, {"--archive", filepath.Join(locked, "no", "x")}, {"--db", good, "--archive", good}} {
		if code, out, stderr := weir(t, append([]string{"demo"}, args...)...); code != 1 || out != "" || stderr == "" {
			t.Errorf("demo %v: exit code %d, stdout %q, stderr %q", args, code, out, stderr)
		}
	}
}

func TestReplayInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, stderr bytes.Buffer
	db := filepath.Join(t.TempDir(), "flights.db")
	file := archived(t, "a", some())
	code := run(ctx, []string{"replay", "--db", db, file}, nil, &out, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "weir replay: interrupted") {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
}

func TestReplayProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &replayMeter{source: archive.Files(nil), size: 0}
		var w bytes.Buffer
		p := m.progress(stdio{err: &w})
		p.begin, p.live = time.Now(), true
		p.tick()
		m.checked.Store(true)
		m.tell(pipeline.ReplayProgress{Records: 123_456, Merged: 100_000, Duplicates: 23_000, Failed: 456})
		m.size = 3_000_000
		p.tick()
		want := "\r\x1b[K" + noWrap + "[##--------] checking the archives: 0 B of 0 B, 0.0 s" + wrap +
			"\r\x1b[K" + noWrap + "[##--------] 100,000 merged, 23,000 recognised, 456 failed; 0 B of 3.0 MB, 0.0 s" + wrap
		if got := w.String(); got != want {
			t.Errorf("got\n%q\nwant\n%q", got, want)
		}
	})
}

func TestBytesText(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 289_348: "289.3 kB", 999_949: "999.9 kB", 999_950: "1.0 MB",
		5_000_000_000: "5.0 GB", 1 << 62: "4611686.0 TB",
	} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
