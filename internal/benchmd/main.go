// Command benchmd runs the benchmarks and writes BENCHMARKS.md.
//
//	go run ./internal/benchmd [-count 5] [-o BENCHMARKS.md] [packages]
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "benchmd:", err)
		os.Exit(1)
	}
}

func run(args []string, progress io.Writer) error {
	flags := flag.NewFlagSet("benchmd", flag.ContinueOnError)
	count := flags.Int("count", 5, "how often each benchmark runs; the fastest counts")
	out := flags.String("o", "BENCHMARKS.md", "the file to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	packages := flags.Args()
	if len(packages) == 0 {
		packages = []string{".", "./internal/jsonscan", "./internal/attr", "./internal/jsonplan"}
	}
	cmd := exec.Command("go", append([]string{"test", "-run", "^$", "-bench", ".", "-benchmem", "-count", strconv.Itoa(*count)}, packages...)...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&output, progress), progress
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go test: %w", err)
	}
	text, err := render(&output, time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	return os.WriteFile(*out, []byte(text), 0o644)
}

// row is one benchmark: the fastest of its runs.
type row struct {
	name, n                    string
	ns, perRecord, mbs, allocs float64
	bytes                      float64
}

// table is the benchmarks of one function.
type table struct {
	name string
	rows []*row
}

// render turns the output of go test into the page.
func render(output io.Reader, date, goVersion string, procs int) (string, error) {
	var tables []*table
	cpu := "unknown"
	seen := map[string]*row{}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		line := lines.Text()
		if name, ok := strings.CutPrefix(line, "cpu: "); ok {
			cpu = name
		}
		r, ok, err := parse(line)
		if err != nil {
			return "", err
		}
		if !ok {
			continue
		}
		if best := seen[r.name+r.n]; best != nil {
			if r.ns < best.ns {
				*best = *r
			}
			continue
		}
		seen[r.name+r.n] = r
		top, _, _ := strings.Cut(r.name, "/")
		if len(tables) == 0 || tables[len(tables)-1].name != top {
			tables = append(tables, &table{name: top})
		}
		t := tables[len(tables)-1]
		t.rows = append(t.rows, r)
	}
	if len(tables) == 0 {
		return "", fmt.Errorf("no benchmark in the output")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmarks\n\nMade by `make bench` on %s: %s, GOMAXPROCS %d, %s, %s/%s. The fastest of several runs.\n", date, cpu, procs, goVersion, runtime.GOOS, runtime.GOARCH)
	b.WriteString("Times drift with the machine: compare rows of one table, made in one run. Rows named peer are other ways to do the same.\n")
	for _, t := range tables {
		fmt.Fprintf(&b, "\n## %s\n\n| | n | ns/record | us/op | MB/s | B/op | allocs/op |\n|---|--:|--:|--:|--:|--:|--:|\n", t.name)
		for _, r := range t.rows {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %.0f | %.0f |\n", strings.TrimPrefix(strings.TrimPrefix(r.name, t.name), "/"), r.n,
				some(r.perRecord, 1), some(r.ns/1000, 2), some(r.mbs, 0), r.bytes, r.allocs)
		}
	}
	return b.String(), lines.Err()
}

func some(v float64, digits int) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// parse reads a line such as "BenchmarkX/y/n=10-2  100  12 ns/op  3 B/op".
func parse(line string) (*row, bool, error) {
	name, ok := strings.CutPrefix(line, "Benchmark")
	fields := strings.Fields(name)
	if !ok || len(fields) < 4 {
		return nil, false, nil
	}
	name = fields[0]
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		name = name[:i]
	}
	r := &row{name: name}
	if i := strings.LastIndex(name, "/n="); i > 0 {
		r.name, r.n = name[:i], name[i+3:]
	}
	for i := 2; i+1 < len(fields); i += 2 {
		v, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return nil, false, fmt.Errorf("cannot read %q: %w", line, err)
		}
		switch fields[i+1] {
		case "ns/op":
			r.ns = v
		case "ns/record":
			r.perRecord = v
		case "MB/s":
			r.mbs = v
		case "B/op":
			r.bytes = v
		case "allocs/op":
			r.allocs = v
		}
	}
	return r, true, nil
}
