package deptest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// The checks are no use unless they can fail.
func TestBreaches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		p    pkg
		want string // "" when all is well
	}{
		{pkg{ImportPath: module, Imports: []string{"context", "log/slog", module + "/internal/jsonscan"}}, ""},
		{pkg{ImportPath: module, XTestImports: []string{module + "/weirtest"}}, ""},
		{pkg{ImportPath: module, Imports: []string{module + "/weirtest"}}, "must not know"},
		{pkg{ImportPath: module, Imports: []string{"github.com/aws/aws-lambda-go/lambda"}}, "requires nobody"},
		{pkg{ImportPath: module, TestImports: []string{"github.com/google/go-cmp/cmp"}}, "requires nobody"},
		{pkg{ImportPath: module, XTestImports: []string{"golang.org/x/sync/errgroup"}}, "requires nobody"},
		{pkg{ImportPath: module, Imports: []string{"github.com/weir-go/weirdo"}}, "requires nobody"},
		{pkg{ImportPath: module, Imports: []string{"C"}}, "requires nobody"},
		{pkg{ImportPath: module + "/internal/attr", Imports: []string{module + "/internal/jsonscan"}}, ""},
		{pkg{ImportPath: module + "/internal/attr", Imports: []string{module}}, "must not know"},
		{pkg{ImportPath: module + "/internal/a/b", Imports: []string{module + "/weirtest"}}, "must not know"},
		{pkg{ImportPath: module + "/internal/conformance", Imports: []string{module}}, ""},
		{pkg{ImportPath: module + "/internal/conformance", Imports: []string{module + "/weirtest"}}, "must not know"},
		{pkg{ImportPath: module + "/weirtest", Imports: []string{module, module + "/internal/probe"}}, ""},
		{pkg{ImportPath: module + "/weirtest", Imports: []string{module + "/internal/jsonscan"}}, "must not know"},
		{pkg{ImportPath: module + "/newroom"}, "in no room"},
		{pkg{ImportPath: module, Imports: []string{"unsafe"}}, "imports unsafe"},
		{pkg{ImportPath: module + "/internal/jsonplan", Imports: []string{"unsafe"}}, "imports unsafe"},
		{pkg{ImportPath: module + "/internal/memory", Imports: []string{"unsafe"}}, ""},
		{pkg{ImportPath: module + "/weirtest/more"}, "in no room"},
	} {
		found := breaches([]pkg{tt.p})
		if tt.want == "" && len(found) > 0 || tt.want != "" && (len(found) != 1 || !strings.Contains(found[0], tt.want)) {
			t.Errorf("%+v: %q, want %q", tt.p, found, tt.want)
		}
	}
}

func TestRequirements(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		`{"Module":{"Path":"m"},"Go":"1.26.0","Require":null}`: 0,
		`{"Require":[{"Path":"p","Version":"v1.0.0"}]}`:        1,
		`{"Replace":[{}],"Tool":[{"Path":"p"}]}`:               2,
	} {
		var m modfile
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		if found := requirements(m); len(found) != want {
			t.Errorf("%s: %q, want %d", text, found, want)
		}
	}
}

func TestBallast(t *testing.T) {
	t.Parallel()
	if found := ballast([]string{"fmt", "text/template/parse", "net/http"}); len(found) > 0 {
		t.Errorf("found %q", found)
	}
	if found := ballast([]string{"fmt", "net/rpc", "text/template"}); !slices.Equal(found, []string{"text/template", "net/rpc"}) {
		t.Errorf("found %q", found)
	}
	// Without the tag, the reference handler does reach them.
	deps := strings.Fields(string(goTool(t, root+"/ext", "list", "-deps", "./internal/refhandler")))
	if found := ballast(deps); len(found) != len(heavy) {
		t.Errorf("without lambda.norpc the reference handler reaches only %q", found)
	}
}
