package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/weir-go/weir/internal/assert"
)

// cutAll returns the records of a text as "number:data".
func cutAll(r io.Reader, limit int) (records []string, c *cutter, err error) {
	c = &cutter{limit: limit}
	c.reset(r)
	for {
		data, err := c.next()
		if err == io.EOF {
			return records, c, nil
		}
		if err != nil {
			return records, c, err
		}
		records = append(records, fmt.Sprintf("%d:%s", c.number, data))
	}
}

func TestCutter(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"only space", " \r\n\n\t ", nil},
		{"a line", "{}\n", []string{"1:{}"}},
		{"no newline at the end", "{\"a\":1}\n{\"b\":2}", []string{`1:{"a":1}`, `2:{"b":2}`}},
		{"empty lines count", "\n{}\n\n \n[]\n\n", []string{"2:{}", "5:[]"}},
		{"CRLF", "{}\r\n\r\n7\r\n", []string{"1:{}", "3:7"}},
		{"byte order mark", "\ufeff{}\n", []string{"1:{}"}},
		{"byte order mark and nothing", "\ufeff", nil},
		{"byte order mark on the second line", "1\n\ufeff2", []string{"1:1", "2:\ufeff2"}},
		{"no byte order mark", "\xef\xbb", []string{"1:\xef\xbb"}},
		{"objects without newlines", `{"a":1}{"b":{}}{}`, []string{`1:{"a":1}`, `2:{"b":{}}`, "3:{}"}},
		{"objects with space between", "{}  {}\t{}\n{}", []string{"1:{}", "2:{}", "3:{}", "4:{}"}},
		{"several on a line, an empty line, one", "{}{}\n\n{}\n", []string{"1:{}", "2:{}", "4:{}"}},
		{"braces in strings", `{"}{":"}{\"}{"}{"\\":1}`, []string{`1:{"}{":"}{\"}{"}`, `2:{"\\":1}`}},
		{"arrays within", `{"a":[{},{"b":[]}]}{}`, []string{`1:{"a":[{},{"b":[]}]}`, "2:{}"}},
		{"malformed inside", `{"a":[}{"b":2}`, []string{`1:{"a":[}`, `2:{"b":2}`}},
		{"closed too often", `{}}{}`, []string{`1:{}}{}`}},
		{"cut short", `{"a":1}{"b":`, []string{`1:{"a":1}`, `2:{"b":`}},
		{"a string without end", "{\"a\":\"}{\n{}", []string{`1:{"a":"}{`, "2:{}"}},
		{"text behind an object", `{} and {}`, []string{`1:{} and {}`}},
		{"no JSON", "[INFO] [main] up\nplain {}{}\n\"a\"\"b\" 1 2", []string{"1:[INFO] [main] up", "2:plain {}{}", `3:"a""b" 1 2`}},
		{"arrays are lines", "[1][2]", []string{"1:[1][2]"}},
		{"space around", " \t{} \t\r\n", []string{"1:{}"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, r := range []io.Reader{strings.NewReader(tc.text), iotest.OneByteReader(strings.NewReader(tc.text)), iotest.DataErrReader(strings.NewReader(tc.text))} {
				got, _, err := cutAll(r, 1<<20)
				assert.NoError(t, err)
				assert.Equal(t, got, tc.want)
			}
		})
	}
}

func TestCutterLimit(t *testing.T) {
	t.Parallel()
	long := `{"a":"` + strings.Repeat("x", 3*block) + `"}`
	// A line may be as long as it likes, if its records are not.
	got, _, err := cutAll(strings.NewReader(strings.Repeat(long, 5)), len(long))
	assert.NoError(t, err)
	assert.Equal(t, len(got), 5)

	got, c, err := cutAll(strings.NewReader("{}\n\n{}"+long+"\n{}"), len(long)-1)
	assert.Error(t, err, fmt.Sprintf("more than %d bytes", len(long)-1), "archive.MaxLine")
	assert.Equal(t, got, []string{"1:{}", "3:{}"})
	assert.Equal(t, c.line, 3)

	// A short line is no exception.
	got, c, err = cutAll(strings.NewReader("{}\n01234\n012345\n"), 5)
	assert.Error(t, err, "more than 5 bytes")
	assert.Equal(t, got, []string{"1:{}", "2:01234"})
	assert.Equal(t, c.line, 3)

	// An endless line takes no more memory than the limit asks for.
	endless := &repeated{}
	_, c, err = cutAll(endless, 10*block)
	assert.Error(t, err, "more than")
	if cap(c.buf) > 20*block || endless.n > 20*block {
		t.Fatalf("%d bytes of memory for %d read", cap(c.buf), endless.n)
	}
}

type repeated struct{ n int }

func (r *repeated) Read(b []byte) (int, error) {
	r.n += len(b)
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

// lazy never reads anything.
type lazy struct{}

func (lazy) Read([]byte) (int, error) { return 0, nil }

// fickle has an error once, and then is at its end.
type fickle struct{ err error }

func (f *fickle) Read([]byte) (int, error) {
	err := f.err
	f.err = io.EOF
	return 0, err
}

func TestCutterErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	got, c, err := cutAll(io.MultiReader(strings.NewReader("{}\n{\"a\":"), iotest.ErrReader(broken)), 100)
	assert.Equal(t, errors.Is(err, broken), true)
	assert.Equal(t, got, []string{"1:{}"})
	assert.Equal(t, c.line, 2)

	// An error stays, whatever the reader says next.
	_, c, err = cutAll(io.MultiReader(strings.NewReader("{}"), &fickle{broken}), 100)
	assert.Equal(t, errors.Is(err, broken), true)
	_, err = c.next()
	assert.Equal(t, errors.Is(err, broken), true)
	l, err := peel(io.MultiReader(strings.NewReader("{}"), &fickle{broken}), nil)
	assert.NoError(t, err)
	_, err = io.ReadAll(l)
	assert.Equal(t, errors.Is(err, broken), true)

	_, _, err = cutAll(lazy{}, 100)
	assert.Equal(t, err, io.ErrNoProgress)
}

// Records are the caller's own: nothing that is read later changes them.
func TestCutterRecordsStay(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var text bytes.Buffer
	var want []string
	for i := range 5000 {
		want = append(want, fmt.Sprintf(`{"n":%d,"x":"%s"}`, i, strings.Repeat("}{\\\"", rng.IntN(1<<rng.IntN(12)))))
		text.WriteString(want[i])
		text.WriteString([]string{"", " ", "\n", "\r\n\n"}[rng.IntN(4)])
	}
	c := &cutter{limit: 1 << 20}
	var got [][]byte
	for range 3 { // what is read of one text does not change the records of another
		c.reset(bytes.NewReader(text.Bytes()))
		for {
			data, err := c.next()
			if err == io.EOF {
				break
			}
			assert.NoError(t, err)
			assert.Equal(t, cap(data), len(data))
			got = append(got, data)
		}
	}
	for i := range got {
		assert.Equal(t, string(got[i]), want[i%len(want)])
	}
	assert.Equal(t, len(got), 3*len(want))
}

// The cutter agrees with encoding/json about where objects end, loses no byte that is not space,
// and does the same however the text comes.
func FuzzCutter(f *testing.F) {
	f.Add([]byte("{}{\"a\":\"}{\\\"\"}\n\n [1] {} x\n"), uint8(3))
	f.Add([]byte("\xef\xbb\xbf{\"a\":{}} {} \r\n{"), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, chunk uint8) {
		got, _, err := cutAll(bytes.NewReader(text), 1<<20)
		assert.NoError(t, err)
		again, _, err := cutAll(&chunks{text, int(chunk)%7 + 1}, 1<<20)
		assert.NoError(t, err)
		assert.Equal(t, again, got)

		space := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "")
		var all strings.Builder
		last := 0
		for _, record := range got {
			var number int
			head, data, _ := strings.Cut(record, ":")
			_, _ = fmt.Sscan(head, &number)
			if number <= last {
				t.Fatalf("number %d after %d", number, last)
			}
			last = number
			all.WriteString(data)
		}
		assert.Equal(t, space.Replace(all.String()), space.Replace(strings.TrimPrefix(string(text), "\ufeff")))

		// Of JSON objects on end, each is a record.
		dec := json.NewDecoder(bytes.NewReader(text))
		var want []string
		for {
			var v json.RawMessage
			if err := dec.Decode(&v); err == io.EOF {
				break
			} else if err != nil || v[0] != '{' || bytes.ContainsRune(v, '\n') {
				return
			}
			want = append(want, string(v))
		}
		for i := range got {
			_, got[i], _ = strings.Cut(got[i], ":")
		}
		assert.Equal(t, got, want)
	})
}

type chunks struct {
	text []byte
	n    int
}

func (c *chunks) Read(b []byte) (int, error) {
	if len(c.text) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), c.n)], c.text)
	c.text = c.text[n:]
	return n, nil
}

func BenchmarkCutter(b *testing.B) {
	line := []byte(`{"id":"8f14e45f","airport":"ZRH","delay":12,"tags":["a","b"],"passenger":{"name":"A. Person","seat":"12A"}}` + "\n")
	text := bytes.Repeat(line, 10_000)
	c := &cutter{limit: 1 << 20}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		c.reset(bytes.NewReader(text))
		n := 0
		for {
			if _, err := c.next(); err != nil {
				break
			}
			n++
		}
		if n != 10_000 {
			b.Fatal(n)
		}
	}
}
