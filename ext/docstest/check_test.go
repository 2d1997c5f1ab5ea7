package docstest

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

const program = "package x_test\n\n" +
	"func ship() {}\n\n" +
	"func Example_ship() {\n\t// snippet:begin ship\n\tship()\n\tif true {\n\t\tprint(1)\n\t}\n\t// snippet:end\n\tprintln(2)\n\t// Output:\n\t// 2\n}\n\n" +
	"func Example_quiet() {\n\tship()\n}\n"

// files is a repository with one page.
func files(page string) fstest.MapFS {
	return fstest.MapFS{
		"docs/page.md":       {Data: []byte(page)},
		"docs/other.md":      {Data: []byte("# Other page\n\n## A heading, with `code`\n")},
		"x_test.go":          {Data: []byte(program)},
		"quiet_test.go":      {Data: []byte("package x_test\n\n// snippet:begin ship\nfunc ship() {}\n// snippet:end\n")},
		"one_test.go":        {Data: []byte("package x_test\n\nvar x = 1\n\nfunc Example() {\n\tprintln(x)\n\t// Output: 1\n}\n")},
		"x.go":               {Data: []byte(program)},
		"thing/thing.go":     {Data: []byte("package thing\n\ntype Thing struct{ Field int }\n\nfunc (*Thing) Method() {}\n\nfunc New() *Thing\n\nconst Most = 1\n")},
		"internal/a/a.go":    {Data: []byte("package a\n\nfunc Hidden() {}\n")},
		"template.yaml":      {Data: []byte("A:\n  B: 1\n  C:\n    D: 2\n")},
		"docs/deep/other.md": {Data: []byte("")},
		"README.md":          {Data: []byte("```go\npackage main\n```\n")},
		"main_test.go":       {Data: []byte("package x_test\n\nfunc TestMine(t *testing.T) {\n}\n")},
		".ci/run":            {Data: []byte("# go run ./old\nstep \"x\" go run ./new\n\tgo test ./new | tee x\n")},
	}
}

const ship = "<!-- snippet: x_test.go#ship -->\n```go\nship()\nif true {\n\tprint(1)\n}\n```\n"

// The checks are no use unless they can fail.
func TestPage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ page, want string }{
		{ship, ""},
		{"<!-- snippet: x_test.go#Example_ship -->\n```go\n// snippet:begin ship\nship()\nif true {\n\tprint(1)\n}\n// snippet:end\nprintln(2)\n```\n", ""},
		{"<!-- output: x_test.go#Example_ship -->\n```text\n2\n```\n", ""},
		{"<!-- output: one_test.go#Example -->\n```text\n1\n```\n", ""},
		{"<!-- part: template.yaml -->\n```yaml\nB: 1\nC:\n  D: 2\n```\n", ""},
		{"<!-- foreign: Python -->\n```python\npass\n```\n", ""},
		{"<!-- run -->\n```sh\ntrue\n```\n", ""},
		{"<!-- part: x_test.go -->\n```go\nif true {\n\tprint(1)\n}\n```\n", ""},
		{"<!-- program: main_test.go#TestMine -->\n```go\npackage main\n```\n", ""},
		{"<!-- ci -->\n```sh\ngo run ./new   # as it says\ngo test ./new\n```\n`go run\n./new` `sam build` `sam`", ""},
		{"[a](other.md) [b](other.md#a-heading-with-code) [c](deep) [d](https://example.com/nowhere)", ""},
		{"`thing.New` `thing.Thing.Method` `thing.Thing.Field` `thing.Most` `a.Hidden` `fmt.Anything`", ""},

		{strings.Replace(ship, "print(1)", "print(2)", 1), "not as in x_test.go#ship"},
		{strings.Replace(ship, "ship()\nif", "if", 1), "not as in"},
		{strings.Replace(ship, "#ship", "#shop", 1), "0 regions shop"},
		{strings.Replace(ship, "x_test.go", "gone_test.go", 1), "gone_test.go"},
		{strings.Replace(ship, "x_test.go", "x.go", 1), "no Example that go test runs"},
		{strings.Replace(ship, "x_test.go", "quiet_test.go", 1), "no Example that go test runs"},
		{strings.Replace(ship, "<!-- snippet: x_test.go#ship -->\n", "", 1), "nothing checks it"},
		{strings.Replace(ship, "-->\n", "-->\n\n", 1), "nothing checks it"},
		{strings.Replace(ship, "snippet: x_test.go#ship", "foreign: Go", 1), "nothing checks it"},
		{"```\nplain\n```\n", "nothing checks it"},
		{"```go\nfunc", "has no end"},
		{"<!-- snippet: x_test.go#Example_quiet -->\n```go\nship()\n```\n", "has no // Output"},
		{"<!-- snippet: x_test.go#Example_gone -->\n```go\nship()\n```\n", "there is no Example_gone"},
		{"<!-- output: x_test.go#Example_ship -->\n```text\n3\n```\n", "not as in"},
		{"<!-- part: template.yaml -->\n```yaml\nB: 1\nD: 2\n```\n", "has no such lines"},
		{"<!-- part: template.yaml -->\n```yaml\nB: 1\nC:\nD: 2\n```\n", "has no such lines"},
		{"<!-- run -->\n```sh\nfalse\n```\n", "it failed"},
		{"<!-- run: later -->\n```text\nfalse\n```\n", "nothing checks it"},
		{"<!-- part: quiet_test.go -->\n```go\nfunc ship() {}\n```\n", "no Example that go test runs"},
		{"<!-- program: main_test.go#TestMine -->\n```go\npackage mine\n```\n", "not README's first program"},
		{"<!-- program: main_test.go#TestYours -->\n```go\npackage main\n```\n", "has no TestYours"},
		{"<!-- ci -->\n```sh\ngo run ./new\ngo run ./old\n```\n", `"go run ./old" is not in .ci/run`},
		{"`go run ./old`", `"go run ./old" is not in .ci/run`},
		{"`go run ./n`", `"go run ./n" is not in .ci/run`},
		{"[a](gone.md)", "leads nowhere"},
		{"[a](#here)", "leads nowhere"},
		{"[a](other.md#no-heading)", "no such heading"},
		{"`docs/other.md` `internal/a`", ""},
		{"`middleware/gone`", "there is no middleware/gone"},
		{"`thing.Old`", "there is no thing.Old"},
		{"`thing.Thing.Gone`", "there is no thing.Thing.Gone"},
		{strings.Repeat("a\n", maxLines+1), "201 lines"},
	} {
		repository := files(tt.page)
		names, err := exports(repository)
		if err != nil {
			t.Fatal(err)
		}
		c := &checker{repository, names, func(script string) error {
			if strings.TrimSpace(script) == "false" {
				return errors.New("it failed")
			}
			return nil
		}}
		found := strings.Join(c.page("docs/page.md"), "\n")
		if tt.want == "" && found != "" || !strings.Contains(found, tt.want) {
			t.Errorf("%s\nfound %q, want %q", tt.page, found, tt.want)
		}
	}
}
