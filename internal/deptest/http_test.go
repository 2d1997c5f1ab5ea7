package deptest

import (
	"strings"
	"testing"
)

// TestNobodyServes: only who asks for health pages is linked with net/http by this module.
func TestNobodyServes(t *testing.T) {
	t.Parallel()
	serves := map[string]bool{}
	out := goTool(t, root, "list", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./...")
	for line := range strings.Lines(string(out)) {
		path, deps, _ := strings.Cut(strings.TrimSpace(line), " ")
		below, _ := inside(path)
		serves[below] = strings.Contains(" "+deps+" ", " net/http ")
	}
	if !serves["streaming/health"] {
		t.Fatal("go list does not show that streaming/health reaches net/http")
	}
	delete(serves, "streaming/health")
	for path, yes := range serves {
		if yes {
			t.Errorf("%q reaches net/http", path)
		}
	}
}
