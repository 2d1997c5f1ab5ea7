package once

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/assert"
)

func TestRow(t *testing.T) {
	t.Parallel()
	e := entry{status: dropped, token: token{1, 15: 2}, until: time.UnixMilli(1234567890123), print: print{3, 15: 4}, result: []byte("why")}
	got, err := decode(e.encode())
	assert.NoError(t, err)
	assert.Equal(t, got, e)
	whole := e.encode()
	for n := range whole {
		if _, err := decode(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes are a row", n, len(whole))
		}
	}
	_, err = decode(append(whole, 0))
	assert.Error(t, err, "length")
	for _, s := range []byte{0, byte(statuses), 255} {
		bad := bytes.Clone(whole)
		bad[1] = s
		_, err = decode(bad)
		assert.Error(t, err, "status is "+strconv.Itoa(int(s)))
	}
	whole[0] = 2
	_, err = decode(whole)
	assert.Error(t, err, "format 2, which this version does not know")
}

// FuzzRow: what can be read is what was written.
func FuzzRow(f *testing.F) {
	f.Add((&entry{status: done, result: []byte(`{"a":1}`)}).encode())
	f.Add((&entry{status: running, until: time.UnixMilli(1)}).encode())
	f.Add([]byte("17"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decode(b)
		if err != nil {
			return
		}
		again, err := decode(e.encode())
		assert.NoError(t, err)
		if again.status != e.status || again.token != e.token || !again.until.Equal(e.until) || again.print != e.print || !bytes.Equal(again.result, e.result) {
			t.Fatalf("%+v\n%+v", e, again)
		}
	})
}

// TestCache: 2.10, 7: those used last stay, until they expire.
func TestCache(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1000)
	c := newCache(2)
	put := func(name string, until int64) {
		c.put(name, entry{status: done, until: time.UnixMilli(until), result: []byte(name)})
	}
	want := func(names string) {
		t.Helper()
		got := ""
		for _, name := range []string{"a", "b", "c"} {
			if e, ok := c.get(name, now); ok {
				got += string(e.result)
			}
		}
		assert.Equal(t, got, names)
	}
	put("a", 2000)
	put("b", 1500)
	_, _ = c.get("a", now)
	put("c", 1500)
	want("ac")
	put("a", 3000)
	now = time.UnixMilli(1500)
	want("a")
	assert.Equal(t, c.order.Len(), 1)
	now = time.UnixMilli(3000)
	want("")
	assert.Equal(t, len(c.byRow), 0)
	c = nil
	put("a", 2000)
	want("")
}
