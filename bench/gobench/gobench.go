// Package gobench runs the benchmarks of Go's own kind and makes tables of them.
package gobench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// Run runs the benchmarks that a pattern matches, of packages of the module in the folder, each so many times. The flags
// are go test's.
func Run(ctx context.Context, dir, packages, pattern string, count int, progress io.Writer, flags ...string) ([]Table, error) {
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"test", "-run", "^$", "-bench", pattern, "-benchmem",
		"-benchtime", "200ms", "-count", strconv.Itoa(count)}, flags, []string{packages})...)
	cmd.Dir = dir
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&output, progress), progress
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go test -bench: %w", err)
	}
	return Parse(&output)
}

// Table is the benchmarks of one function.
type Table struct {
	Package string // below the module, "" for its root
	Name    string
	Rows    []*Row
}

// Row is one benchmark: the fastest of its runs.
type Row struct {
	Name, N                           string
	NS, PerRecord, MBs, Bytes, Allocs float64
}

// Markdown is the table below a heading of the third level.
func (t Table) Markdown() string {
	var b strings.Builder
	heading := t.Name
	if t.Package != "" {
		heading = t.Package + ": " + t.Name
	}
	fmt.Fprintf(&b, "### %s\n\n| | n | ns/record | us/op | MB/s | B/op | allocs/op |\n|---|--:|--:|--:|--:|--:|--:|\n", heading)
	for _, r := range t.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %.0f | %.0f |\n", strings.TrimPrefix(strings.TrimPrefix(r.Name, t.Name), "/"), r.N,
			some(r.PerRecord, 1), some(r.NS/1000, 2), some(r.MBs, 0), r.Bytes, r.Allocs)
	}
	return b.String()
}

func some(v float64, digits int) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}
