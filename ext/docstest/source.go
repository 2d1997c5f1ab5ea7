package docstest

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"strings"
)

// region returns what a name stands for in a Go source: an Example's body without what it prints, or
// the lines between // snippet:begin and // snippet:end.
func region(source, name string) (string, error) {
	if strings.HasPrefix(name, "Example") {
		body, _, err := example(source, name)
		return body, err
	}
	var found, within []string
	inside, times := false, 0
	for line := range strings.SplitSeq(source, "\n") {
		switch comment := strings.TrimSpace(line); {
		case comment == "// snippet:begin "+name:
			inside, within = true, nil
			times++
		case inside && comment == "// snippet:end":
			inside, found = false, within
		case inside && strings.HasPrefix(comment, "// snippet:"):
			return "", fmt.Errorf("region %s has another in it", name)
		case inside:
			within = append(within, line)
		}
	}
	if times != 1 || inside {
		return "", fmt.Errorf("there are %d regions %s, or it has no end", times, name)
	}
	return trim(strings.Join(found, "\n")), nil
}

// output returns what an Example prints.
func output(source, name string) (string, error) {
	_, out, err := example(source, name)
	return out, err
}

// example returns the body of an Example and what it prints. One that prints nothing is not run by go
// test, and so is none.
func example(source, name string) (body, out string, err error) {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, "x_test.go", source, parser.ParseComments)
	if err != nil {
		return "", "", err
	}
	for _, e := range doc.Examples(f) {
		if "Example"+e.Name != name {
			continue
		}
		if e.Output == "" {
			return "", "", fmt.Errorf("%s has no // Output, so that it is not run", name)
		}
		b := bodyOf(f, name) // Code is the whole file where that has one Example
		from, to := files.Position(b.Lbrace).Offset+1, files.Position(b.Rbrace).Offset
		body = source[from:to]
		if i := strings.LastIndex(body, "// Output:"); i >= 0 {
			body = body[:i]
		}
		return trim(body), trim(e.Output), nil
	}
	return "", "", fmt.Errorf("there is no %s", name)
}

func bodyOf(f *ast.File, name string) *ast.BlockStmt {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == name && fn.Recv == nil {
			return fn.Body
		}
	}
	return nil
}

// runs reports whether go test runs what is in a source: whether an Example of it prints something.
func runs(source string) bool {
	f, err := parser.ParseFile(token.NewFileSet(), "x_test.go", source, parser.ParseComments)
	if err != nil {
		return false
	}
	for _, e := range doc.Examples(f) {
		if e.Output != "" {
			return true
		}
	}
	return false
}
