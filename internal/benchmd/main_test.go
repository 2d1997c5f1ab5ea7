package main

import (
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/assert"
)

const output = `goos: linux
cpu: Fast One
BenchmarkSchedule/peer/loop/n=10-2   	 100	 130.0 ns/op	 13.0 ns/record	 0 B/op	 0 allocs/op
BenchmarkSchedule/peer/loop/n=10-2   	 100	 120.0 ns/op	 12.0 ns/record	 0 B/op	 0 allocs/op
BenchmarkSkip-2   	 100	 190588 ns/op	 629.71 MB/s	 8 B/op	 1 allocs/op
PASS
`

func TestRender(t *testing.T) {
	t.Parallel()
	page, err := render(strings.NewReader(output), "2026-01-02", "go1.26.8", 2)
	assert.NoError(t, err)
	assert.Contains(t, page, "on 2026-01-02: Fast One, GOMAXPROCS 2, go1.26.8",
		"## Schedule\n", "| peer/loop | 10 | 12.0 | 0.12 |  | 0 | 0 |\n", "## Skip\n", "|  |  |  | 190.59 | 630 | 8 | 1 |\n")
	_, err = render(strings.NewReader("PASS"), "", "", 1)
	assert.Error(t, err, "no benchmark")
	_, err = render(strings.NewReader("BenchmarkX-2 1 x ns/op"), "", "", 1)
	assert.Error(t, err, "cannot read")
}
