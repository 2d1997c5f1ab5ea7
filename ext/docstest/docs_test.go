package docstest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

func TestDocs(t *testing.T) {
	t.Parallel()
	repository := os.DirFS(root)
	names, err := exports(repository)
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{repository, names, func(script string) error { return runInModule(t, script) }}
	for _, p := range pages(t) {
		for _, problem := range c.page(p) {
			t.Error(problem)
		}
	}
}

// pages are README.md and those of docs.
func pages(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(os.DirFS(root), "docs/*.md")
	if err != nil || len(names) < 9 {
		t.Fatalf("%d pages (%v)", len(names), err)
	}
	return append(names, "README.md")
}

// Every page is in the index, and every program is shown by one.
func TestIndex(t *testing.T) {
	t.Parallel()
	read := func(path string) string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	pages, err := filepath.Glob(root + "/docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	index, all := read(root+"/docs/README.md"), ""
	for _, p := range pages {
		all += read(p)
		if name := filepath.Base(p); name != "README.md" && !strings.Contains(index, "("+name+")") {
			t.Errorf("docs/README.md does not know %s", name)
		}
	}
	programs, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	begin := regexp.MustCompile(`(?m)^\s*// snippet:begin (\S+)$`)
	for _, p := range programs {
		if slices.Contains([]string{"check_test.go", "docs_test.go"}, p) {
			continue
		}
		for _, m := range begin.FindAllStringSubmatch(read(p), -1) {
			if !strings.Contains(all, fmt.Sprintf("ext/docstest/%s#%s -->", p, m[1])) {
				t.Errorf("no page shows %s#%s", p, m[1])
			}
		}
	}
}

// runInModule runs a script in a module that has the program of README.md in it.
func runInModule(t *testing.T, script string) error {
	t.Helper()
	top, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	readme, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(top, "ext", "go.sum"))
	if err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(top, "ext", "go.mod"))
	if err != nil {
		return err
	}
	lambda := regexp.MustCompile(`github.com/aws/aws-lambda-go v\S+`).FindString(string(mod))
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.go": firstProgram(string(readme)),
		"go.mod": "module example.com/fn\n\ngo 1.26.0\n\nrequire (\n\t" + lambda + "\n\tgithub.com/weir-go/weir v0.0.0\n)\n\n" +
			"replace github.com/weir-go/weir => " + top + "\n",
		"go.sum": string(sums),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}
