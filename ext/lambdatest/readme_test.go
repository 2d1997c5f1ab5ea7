package lambdatest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const lambdaModule = "github.com/aws/aws-lambda-go v1.55.1"

// readmeProgram returns the first Go program of README.md.
func readmeProgram(t *testing.T, root string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "```go\n")
	program, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("README.md has no Go program")
	}
	if !strings.Contains(program, "lambda.Start(weir.SQS(") {
		t.Fatalf("README.md does not start with an SQS program:\n%s", program)
	}
	return program
}

// The program that README.md starts with, pasted into an empty module, is a function.
func TestReadmeProgram(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "ext", "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.go": readmeProgram(t, root),
		"go.mod": "module example.com/fn\n\ngo 1.26.0\n\nrequire (\n\t" + lambdaModule + "\n\tgithub.com/weir-go/weir v0.0.0\n)\n\n" +
			"replace github.com/weir-go/weir => " + root + "\n",
		"go.sum": string(sums),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", "bootstrap", ".")
	build.Dir = dir
	build.Env = append(build.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f := run(t, exec.CommandContext(t.Context(), filepath.Join(dir, "bootstrap")))
	responds(t, f.call(t, sqsEvent("orders", bodies(`{"ID":"o-1"}`, `{"ID":7}`, `{"ID":"o-3"}`)...)), "m2")
	responds(t, f.call(t, sqsEvent("orders", bodies(`{"ID":"o-4"}`)...)))
}
