package docstest

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// maxLines keeps pages short.
const maxLines = 200

// checker checks pages against a file system, whose root is the repository's.
type checker struct {
	files fs.FS
	names map[string]map[string]bool // what packages export
	run   func(script string) error
}

func (c *checker) read(name string) (string, error) {
	b, err := fs.ReadFile(c.files, name)
	return string(b), err
}

// page lists what is wrong with a page.
func (c *checker) page(name string) (found []string) {
	text, err := c.read(name)
	if err != nil {
		return []string{err.Error()}
	}
	p, err := readPage(text)
	if err != nil {
		return []string{fmt.Sprintf("%s: %v", name, err)}
	}
	if p.lines > maxLines {
		found = append(found, fmt.Sprintf("%s: %d lines, more than %d", name, p.lines, maxLines))
	}
	for _, b := range p.blocks {
		if err := c.block(b); err != nil {
			found = append(found, fmt.Sprintf("%s:%d: %v", name, b.line, err))
		}
	}
	for _, err := range c.links(path.Dir(name), p.prose) {
		found = append(found, fmt.Sprintf("%s: %v", name, err))
	}
	for _, m := range inRepository.FindAllStringSubmatch(p.prose, -1) {
		if _, err := fs.Stat(c.files, strings.TrimSuffix(m[1], "/")); err != nil {
			found = append(found, fmt.Sprintf("%s: there is no %s", name, m[1]))
		}
	}
	for _, command := range commandsOf(p.prose) {
		if err := c.command(command); err != nil {
			found = append(found, fmt.Sprintf("%s: %v", name, err))
		}
	}
	for _, n := range c.unknown(text) {
		found = append(found, fmt.Sprintf("%s: there is no %s", name, n))
	}
	return found
}

// block checks one block against what its marker says.
func (c *checker) block(b block) error {
	how, what, _ := strings.Cut(b.marker, ": ")
	file, name, _ := strings.Cut(what, "#")
	want := ""
	switch {
	case how == "foreign" && what != "" && b.language != "go" && b.language != "sh":
		return nil
	case how == "run" && b.language == "sh":
		return c.run(b.text)
	case how == "ci" && b.language == "sh":
		for _, command := range linesOf(b.text) {
			if err := c.command(command); err != nil {
				return err
			}
		}
		return nil
	case how == "program" && b.language == "go":
		return c.program(b.text, file, name)
	case how == "snippet" && b.language == "go":
		source, err := c.read(file)
		if err != nil {
			return err
		}
		if !strings.HasSuffix(file, "_test.go") || !runs(source) {
			return fmt.Errorf("%s has no Example that go test runs", file)
		}
		if want, err = region(source, name); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	case how == "output" && b.language == "text":
		source, err := c.read(file)
		if err != nil {
			return err
		}
		if want, err = output(source, name); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	case how == "part":
		source, err := c.read(file)
		if err != nil {
			return err
		}
		if !hasLines(source, b.text) {
			return fmt.Errorf("%s has no such lines", file)
		}
		if strings.HasSuffix(file, "_test.go") && !runs(source) {
			return fmt.Errorf("%s has no Example that go test runs", file)
		}
		return nil
	default:
		return fmt.Errorf("a block of %q with the marker %q: nothing checks it", b.language, b.marker)
	}
	if got := trim(b.text); got != want {
		return fmt.Errorf("it is not as in %s:\n%s", what, want)
	}
	return nil
}

// program checks that a test has the block, which it takes from README.md by itself.
func (c *checker) program(text, file, test string) error {
	readme, err := c.read("README.md")
	if err != nil {
		return err
	}
	source, err := c.read(file)
	if err != nil {
		return err
	}
	if text != firstProgram(readme) || !strings.Contains(source, "\nfunc "+test+"(t *testing.T) {") {
		return fmt.Errorf("it is not README's first program, or %s has no %s", file, test)
	}
	return nil
}

// hasLines reports whether a file has these lines in a row, wherever they are indented.
func hasLines(file, lines string) bool {
	want := strings.Split(trim(lines), "\n")
	have := strings.Split(file, "\n")
	for i := 0; i+len(want) <= len(have); i++ {
		if trim(strings.Join(have[i:i+len(want)], "\n")) == strings.Join(want, "\n") {
			return true
		}
	}
	return false
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// links lists the links that lead nowhere. Those to the web are not followed.
func (c *checker) links(dir, prose string) (found []error) {
	for _, m := range link.FindAllStringSubmatch(prose, -1) {
		to, anchor, _ := strings.Cut(m[1], "#")
		if strings.HasPrefix(to, "https://") {
			continue
		}
		file := path.Join(dir, to)
		if _, err := fs.Stat(c.files, file); err != nil || to == "" {
			found = append(found, fmt.Errorf("the link %s leads nowhere", m[1]))
			continue
		}
		if text, _ := c.read(file); anchor != "" && !hasHeading(text, anchor) {
			found = append(found, fmt.Errorf("the link %s: there is no such heading", m[1]))
		}
	}
	return found
}

var noAnchor = regexp.MustCompile(`[^a-z0-9 _-]`)

// hasHeading looks for a heading by its anchor, as GitHub makes them.
func hasHeading(text, anchor string) bool {
	for line := range strings.SplitSeq(text, "\n") {
		title := strings.TrimLeft(line, "#")
		if title != line && strings.ReplaceAll(noAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), ""), " ", "-") == anchor {
			return true
		}
	}
	return false
}

// inRepository finds what looks like a path of ours.
var inRepository = regexp.MustCompile("`((?:ext|middleware|state|internal|docs|examples)/[a-z0-9/._-]+)`")

var qualified = regexp.MustCompile(`\b([a-z0-9]+)\.([A-Z][A-Za-z0-9]*)(?:\.([A-Z][A-Za-z0-9]*))?`)

// unknown lists names of our packages that are not there.
func (c *checker) unknown(text string) (found []string) {
	for _, m := range qualified.FindAllStringSubmatch(text, -1) {
		exported, ours := c.names[m[1]]
		if !ours {
			continue
		}
		if !exported[m[2]] {
			found = append(found, m[1]+"."+m[2])
		} else if m[3] != "" && !exported[m[2]+"."+m[3]] {
			found = append(found, m[0])
		}
	}
	return found
}
