package deptest

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// watch reads what the go command is going to read, so that go test does not answer from its
// cache after a change.
func watch(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && (strings.HasSuffix(path, ".go") || d.Name() == "go.mod") {
			_, err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// goTool runs the go command in a module by itself.
func goTool(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	watch(t)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s in %s: %v\n%s", strings.Join(args, " "), dir, err, stderr.String())
	}
	return out
}

func report(t *testing.T, found []string) {
	t.Helper()
	for _, f := range found {
		t.Error(f)
	}
}

func TestWhoKnowsWhom(t *testing.T) {
	t.Parallel()
	out := goTool(t, root, "list", "-e", "-json=Dir,ImportPath,Imports,TestImports,XTestImports,IgnoredGoFiles", "./...")
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			pkg
			Dir            string
			IgnoredGoFiles []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, name := range p.IgnoredGoFiles { // of another platform, or behind a build tag
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range file.Imports {
				path, err := strconv.Unquote(i.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				p.Imports = append(p.Imports, path)
			}
		}
		all = append(all, p.pkg)
	}
	if !slices.ContainsFunc(all, func(p pkg) bool { return p.ImportPath == module && len(p.Imports) > 0 }) {
		t.Fatalf("go list does not show %s:\n%s", module, out)
	}
	report(t, breaches(all))
}

// Of internal/memory, one file knows package unsafe.
func TestUnsafeInOneFile(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "internal", "memory", "*.go"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if i.Path.Value == `"unsafe"` && !strings.HasSuffix(name, "_test.go") && filepath.Base(name) != "memory.go" {
				t.Errorf("%s imports unsafe, which is for memory.go", name)
			}
		}
	}
}

func TestRootRequiresNobody(t *testing.T) {
	t.Parallel()
	var m modfile
	if err := json.Unmarshal(goTool(t, root, "mod", "edit", "-json"), &m); err != nil {
		t.Fatal(err)
	}
	report(t, requirements(m))
	if out := goTool(t, root, "list", "-m", "all"); string(out) != module+"\n" {
		t.Errorf("go list -m all:\n%s", out)
	}
}

func TestBinaryStaysSmall(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ dir, pkg, sees string }{
		{root, ".", "encoding/json"},
		{filepath.Join(root, "ext"), "./internal/refhandler", "github.com/aws/aws-lambda-go/lambda"},
	} {
		deps := strings.Fields(string(goTool(t, tt.dir, "list", "-deps", "-tags", "lambda.norpc", tt.pkg)))
		if !slices.Contains(deps, module) || !slices.Contains(deps, tt.sees) {
			t.Errorf("%s: go list does not show %s and %s, but %v", tt.pkg, module, tt.sees, deps)
		}
		for _, b := range ballast(deps) {
			t.Errorf("%s reaches %s", tt.pkg, b)
		}
	}
}
