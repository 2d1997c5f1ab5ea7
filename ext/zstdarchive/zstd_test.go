package zstdarchive_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/klauspost/compress/zstd"

	"github.com/weir-go/weir/archive"
	"github.com/weir-go/weir/ext/zstdarchive"
	"github.com/weir-go/weir/internal/assert"
)

// pack makes a zstd archive with a frame for each text.
func pack(t testing.TB, frames ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, f := range frames {
		w, err := zstd.NewWriter(&b)
		assert.NoError(t, err)
		_, err = w.Write([]byte(f))
		assert.NoError(t, err)
		assert.NoError(t, w.Close())
	}
	return b.Bytes()
}

func read(t testing.TB, data []byte) (records []string, err error) {
	t.Helper()
	disk := fstest.MapFS{"part": {Data: data}}
	for line, err := range archive.FS("", disk, zstdarchive.Decompress()).Lines(t.Context()) {
		if err != nil {
			return records, err
		}
		records = append(records, fmt.Sprintf("%d:%s", line.Number, line.Data))
	}
	return records, nil
}

func TestZstd(t *testing.T) {
	t.Parallel()
	var inGzip bytes.Buffer
	w := gzip.NewWriter(&inGzip)
	_, _ = w.Write(pack(t, "{}\n{}"))
	_ = w.Close()
	skippable := []byte("\x5a\x2a\x4d\x18\x03\x00\x00\x00abc")
	for name, data := range map[string][]byte{
		"one frame":        pack(t, "{}\n{}\n"),
		"several frames":   pack(t, "{", "}", "", "\n{}"),
		"no newlines":      pack(t, "{}{}"),
		"in gzip":          inGzip.Bytes(),
		"a frame to skip":  append(skippable, pack(t, "{}{}")...),
		"one in the other": pack(t, string(pack(t, "{}{}"))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, data)
			assert.NoError(t, err)
			assert.Equal(t, got, []string{"1:{}", "2:{}"})
		})
	}
}

// What the zstd command writes is read, at its highest level too.
func TestZstdCommand(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("zstd"); err != nil {
		t.Skip("the zstd command is not there")
	}
	for _, level := range []string{"-1", "-19"} {
		cmd := exec.CommandContext(t.Context(), "zstd", level, "-c")
		cmd.Stdin = strings.NewReader("{}\n{}\n")
		data, err := cmd.Output()
		assert.NoError(t, err)
		got, err := read(t, data)
		assert.NoError(t, err)
		assert.Equal(t, got, []string{"1:{}", "2:{}"})
	}
}

// Nothing is left behind by whoever stops in the middle: a goroutine would keep the bubble from ending.
func TestStopInTheMiddle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk := fstest.MapFS{"part": {Data: pack(t, strings.Repeat("{}\n", 1<<20))}}
		for range archive.FS("", disk, zstdarchive.Decompress()).Lines(t.Context()) {
			break
		}
	})
}

func TestDamagedZstd(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&text, "{\"n\":%d}\n", i*i)
	}
	whole := pack(t, text.String())
	for n := range 10 {
		_, err := read(t, whole[:len(whole)*n/10+5])
		assert.Error(t, err, "archive: part: ", "the archive is cut short", "put a whole copy in its place")
	}
	got, err := read(t, whole[:len(whole)-1])
	assert.Error(t, err, fmt.Sprintf("archive: part: line %d: the archive is cut short", len(got)+1))
	if len(got) < 40_000 {
		t.Fatalf("only %d records come before the missing byte", len(got))
	}
	checksum := bytes.Clone(whole)
	checksum[len(checksum)-1] ^= 1
	_, err = read(t, checksum)
	assert.Error(t, err, "archive: part: ", "the archive cannot be read as zstd: CRC check failed")
}

func ExampleDecompress() {
	var packed bytes.Buffer
	w, _ := zstd.NewWriter(&packed)
	_, _ = w.Write([]byte("{\"id\":\"a\"}\n{\"id\":\"b\"}\n"))
	_ = w.Close()
	disk := fstest.MapFS{"orders.json.zst": {Data: packed.Bytes()}}

	for line, err := range archive.FS("backup", disk, zstdarchive.Decompress()).Lines(context.Background()) {
		fmt.Println(line.Archive, line.Number, string(line.Data), err)
	}
	// Output:
	// backup/orders.json.zst 1 {"id":"a"} <nil>
	// backup/orders.json.zst 2 {"id":"b"} <nil>
}
