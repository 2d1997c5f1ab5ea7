package deptest

import (
	"fmt"
	"slices"
	"strings"
)

const module = "github.com/weir-go/weir"

// pkg is a package as go list describes it, imports by files of other platforms included.
type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// rooms say whom a package of the root module may know beside the standard library, by path
// below the module; a path that ends in a slash stands for all packages below it. Tests may
// know any room.
var rooms = map[string][]string{
	"":                     {"internal/"},
	"weirtest":             {"", "internal/probe"},
	"monoid":               {},
	"monoid/monoidtest":    {"monoid"},
	"metrics":              {},
	"archive":              {},
	"state":                {},
	"state/mem":            {"state"},
	"state/statetest":      {"", "state", "state/", "monoid", "metrics", "pipeline", "weirtest"},
	"pipeline":             {"", "archive", "state", "state/", "monoid", "metrics", "internal/"},
	"envelope":             {"", "internal/"},
	"middleware":           {"", "metrics", "internal/"},
	"middleware/":          {"", "state", "metrics", "internal/", "middleware"},
	"kinesis":              {"", "state", "metrics", "pipeline"},
	"streaming":            {"", "metrics", "internal/backoff", "internal/errtree"},
	"streaming/memlog":     {"", "streaming"},
	"streaming/health":     {"streaming"},
	"internal/conformance": {"", "internal/"},
	"internal/errtree":     {""},
	"internal/":            {"internal/"},
}

// room returns the rule for a package.
func room(path string) (may []string, ok bool) {
	for {
		if may, ok = rooms[path]; ok {
			return may, true
		}
		up := strings.LastIndexByte(strings.TrimSuffix(path, "/"), '/')
		if up < 0 {
			return nil, false
		}
		path = path[:up+1]
	}
}

// inside returns an import's path below the root module.
func inside(path string) (below string, ok bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return path != "C" && !strings.Contains(first, ".")
}

// breaches lists what packages of the root module import against the rules.
func breaches(all []pkg) []string {
	var found []string
	for _, p := range all {
		path, _ := inside(p.ImportPath)
		may, ok := room(path)
		if !ok {
			found = append(found, fmt.Sprintf("%s is in no room: say in rooms whom it may know", p.ImportPath))
		}
		for _, i := range p.Imports {
			if i == "unsafe" && path != "internal/memory" {
				found = append(found, fmt.Sprintf("%s imports unsafe, which is for internal/memory", p.ImportPath))
			}
			if below, own := inside(i); own && ok && !allowed(below, may) {
				found = append(found, fmt.Sprintf("%s imports %s, which it must not know", p.ImportPath, i))
			}
		}
		for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if _, own := inside(i); !own && !standard(i) {
				found = append(found, fmt.Sprintf("%s imports %s: the root module requires nobody", p.ImportPath, i))
			}
		}
	}
	return found
}

func allowed(below string, may []string) bool {
	return slices.ContainsFunc(may, func(m string) bool {
		return below == m || strings.HasSuffix(m, "/") && strings.HasPrefix(below, m)
	})
}

// modfile is a go.mod as go mod edit -json prints it.
type modfile struct {
	Require, Replace, Tool, Exclude []any
}

// requirements lists what must not stand in the root module's go.mod.
func requirements(m modfile) []string {
	var found []string
	for what, n := range map[string]int{"require": len(m.Require), "replace": len(m.Replace), "tool": len(m.Tool), "exclude": len(m.Exclude)} {
		if n > 0 {
			found = append(found, fmt.Sprintf("go.mod has %d %s directives", n, what))
		}
	}
	return found
}

// heavy are packages that make a binary large: text/template keeps every exported method of
// every type alive, and the other two import it.
var heavy = []string{"text/template", "html/template", "net/rpc"}

// ballast lists the heavy packages among those that a binary is linked from.
func ballast(deps []string) []string {
	var found []string
	for _, h := range heavy {
		if slices.Contains(deps, h) {
			found = append(found, h)
		}
	}
	return found
}
