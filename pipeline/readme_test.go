package pipeline_test

import (
	"os"
	"strings"
	"testing"
)

// What README.md shows of pipelines is part of an Example.
func TestReadme(t *testing.T) {
	t.Parallel()
	read := func(path string) string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	plain := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	blocks := strings.Split(read("../README.md"), "```go\n")
	if len(blocks) < 3 {
		t.Fatal("README.md shows no pipeline")
	}
	snippet, _, _ := strings.Cut(blocks[2], "```")
	if !strings.Contains(plain(read("example_test.go")), plain(snippet)) {
		t.Errorf("no Example has what README.md shows:\n%s", snippet)
	}
}
