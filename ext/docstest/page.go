package docstest

import (
	"fmt"
	"regexp"
	"strings"
)

// block is a fenced block of a page.
type block struct {
	line     int // of its fence
	language string
	marker   string // what the comment before it says
	text     string
}

// page is one of docs' Markdown files.
type page struct {
	lines  int
	blocks []block
	prose  string // all that is not in a block
}

var marker = regexp.MustCompile(`^<!-- (.*) -->$`)

// readPage splits a page into blocks and prose.
func readPage(text string) (page, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	p := page{lines: len(lines)}
	var open *block
	var prose []string
	for i, line := range lines {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case open == nil && isFence:
			open = &block{line: i + 1, language: fence}
			if i > 0 {
				if m := marker.FindStringSubmatch(lines[i-1]); m != nil {
					open.marker = m[1]
				}
			}
		case open != nil && isFence:
			p.blocks = append(p.blocks, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		default:
			prose = append(prose, line)
		}
	}
	if open != nil {
		return p, fmt.Errorf("line %d: the block has no end", open.line)
	}
	p.prose = strings.Join(prose, "\n")
	return p, nil
}

// firstProgram is the first block of Go, which README.md begins with.
func firstProgram(text string) string {
	_, rest, _ := strings.Cut(text, "```go\n")
	main, _, _ := strings.Cut(rest, "```")
	return main
}

// trim takes away the indentation that all lines share, and empty lines at both ends.
func trim(text string) string {
	lines := strings.Split(text, "\n")
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	shared := -1
	for _, l := range lines {
		if strings.TrimSpace(l) != "" {
			if n := len(l) - len(strings.TrimLeft(l, " \t")); shared < 0 || n < shared {
				shared = n
			}
		}
	}
	for i, l := range lines {
		lines[i] = strings.TrimRight(l[min(max(shared, 0), len(l)):], " \t")
	}
	return strings.Join(lines, "\n")
}
