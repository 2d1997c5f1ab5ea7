package docstest

import (
	"maps"
	"os"
	"testing"
)

// What is listed is still on a page.
func TestListedCommands(t *testing.T) {
	t.Parallel()
	c := &checker{files: os.DirFS(root)}
	listed := maps.Clone(notRun)
	maps.Copy(listed, otherwise)
	for _, name := range pages(t) {
		text, err := c.read(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := readPage(text)
		if err != nil {
			t.Fatal(err)
		}
		commands := commandsOf(p.prose)
		for _, b := range p.blocks {
			if b.marker == "ci" {
				commands = append(commands, linesOf(b.text)...)
			}
		}
		for _, command := range commands {
			delete(listed, command)
		}
	}
	for command := range listed {
		t.Errorf("no page has %q: take it from commands.go", command)
	}
}

// The reference can be read from the module of README's program.
func TestReference(t *testing.T) {
	t.Parallel()
	if err := runInModule(t, "go doc -all github.com/weir-go/weir | grep -x 'func SQS(v Verb, opts ...SQSOption) \\*Lambda'"); err != nil {
		t.Error(err)
	}
}
