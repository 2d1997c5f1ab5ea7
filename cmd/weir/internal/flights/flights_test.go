package flights

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"slices"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	list, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 20_000 {
		t.Fatalf("%d flights, want 20,000", len(list))
	}
	if want := (Flight{"F00001", "2001/01/01 00:47", 66, 1750, "DTW", "LAS"}); list[0] != want {
		t.Errorf("first flight %+v, want %+v", list[0], want)
	}
	for _, f := range list {
		if _, err := time.Parse(Layout, f.Date); err != nil || len(f.Origin) != 3 || len(f.Destination) != 3 {
			t.Errorf("odd flight %+v: %v", f, err)
		}
	}
}

func TestWriteLines(t *testing.T) {
	t.Parallel()
	list, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, compress := range []bool{false, true} {
		var b bytes.Buffer
		if err := WriteLines(&b, list, compress); err != nil {
			t.Fatal(err)
		}
		var r io.Reader = &b
		if compress {
			if r, err = gzip.NewReader(r); err != nil {
				t.Fatal(err)
			}
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		var got []Flight
		for line := range bytes.Lines(text) {
			var f Flight
			if err := json.Unmarshal(line, &f); err != nil {
				t.Fatal(err)
			}
			got = append(got, f)
		}
		if !slices.Equal(got, list) {
			t.Errorf("compressed %v: other flights came back", compress)
		}
	}
}
