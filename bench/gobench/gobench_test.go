package gobench

import (
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/assert"
)

const output = `goos: linux
pkg: github.com/weir-go/weir
cpu: Fast One
BenchmarkSchedule/peer/loop/n=10-2   	 100	 130.0 ns/op	 13.0 ns/record	 0 B/op	 0 allocs/op
BenchmarkSchedule/peer/loop/n=10-2   	 100	 120.0 ns/op	 12.0 ns/record	 0 B/op	 0 allocs/op
PASS
pkg: github.com/weir-go/weir/internal/jsonscan
BenchmarkSkip-2   	 100	 190588 ns/op	 629.71 MB/s	 8 B/op	 1 allocs/op
PASS
`

func TestTables(t *testing.T) {
	t.Parallel()
	tables, err := Parse(strings.NewReader(output))
	assert.NoError(t, err)
	var text string
	for _, table := range tables {
		text += table.Markdown()
	}
	assert.Contains(t, text, "### Schedule\n", "| peer/loop | 10 | 12.0 | 0.12 |  | 0 | 0 |\n", "### internal/jsonscan: Skip\n", "|  |  |  | 190.59 | 630 | 8 | 1 |\n")
	_, err = Parse(strings.NewReader("PASS"))
	assert.Error(t, err, "no benchmark")
	_, err = Parse(strings.NewReader("BenchmarkX-2 1 x ns/op"))
	assert.Error(t, err, "cannot read")
}
