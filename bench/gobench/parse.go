package gobench

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const module = "github.com/weir-go/weir"

// Parse reads the output of go test -bench.
func Parse(output io.Reader) ([]Table, error) {
	var tables []Table
	seen := map[string]*Row{}
	lines := bufio.NewScanner(output)
	var pkg string
	for lines.Scan() {
		if path, ok := strings.CutPrefix(lines.Text(), "pkg: "); ok {
			pkg = strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
		}
		r, err := parseLine(lines.Text())
		if err != nil {
			return nil, err
		}
		if r == nil {
			continue
		}
		key := pkg + " " + r.Name + " " + r.N
		if best := seen[key]; best != nil {
			if r.NS < best.NS {
				*best = *r
			}
			continue
		}
		seen[key] = r
		top, _, _ := strings.Cut(r.Name, "/")
		last := len(tables) - 1
		if last < 0 || tables[last].Name != top || tables[last].Package != pkg {
			tables = append(tables, Table{Package: pkg, Name: top})
			last++
		}
		t := &tables[last]
		t.Rows = append(t.Rows, r)
	}
	if len(tables) == 0 {
		return nil, errors.New("no benchmark in the output")
	}
	return tables, lines.Err()
}

// parseLine reads "BenchmarkX/y/n=10-2  100  12 ns/op  3 B/op"; other lines are nil.
func parseLine(line string) (*Row, error) {
	name, ok := strings.CutPrefix(line, "Benchmark")
	fields := strings.Fields(name)
	if !ok || len(fields) < 4 {
		return nil, nil
	}
	name = fields[0]
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		name = name[:i]
	}
	r := &Row{Name: name}
	if i := strings.LastIndex(name, "/n="); i > 0 {
		r.Name, r.N = name[:i], name[i+len("/n="):]
	}
	for i := 2; i+1 < len(fields); i += 2 {
		v, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return nil, fmt.Errorf("cannot read %q: %w", line, err)
		}
		switch fields[i+1] {
		case "ns/op":
			r.NS = v
		case "ns/record":
			r.PerRecord = v
		case "MB/s":
			r.MBs = v
		case "B/op":
			r.Bytes = v
		case "allocs/op":
			r.Allocs = v
		}
	}
	return r, nil
}
