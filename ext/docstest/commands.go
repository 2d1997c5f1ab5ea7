package docstest

import (
	"fmt"
	"regexp"
	"strings"
)

// otherwise are commands of the pages that .ci/run runs in another form.
var otherwise = map[string]string{
	"go test work":                        "go test -count=1 work",
	"weir replay --db flights.db ARCHIVE": `go run ./cmd/weir replay --db "$dir/f.db" "$dir/f.jsonl.gz"`,
	"demo --archive ARCHIVE":              `go run ./cmd/weir demo --db "$dir/f.db" --archive "$dir/f.jsonl.gz"`,
}

// notRun are those that it does not run, and why.
var notRun = map[string]string{
	"go doc -all github.com/weir-go/weir": "TestReference runs it",
	"weir redrive":                        "names the command, which cmd/weir/cmd_redrive_test.go runs",
	"sam build":                           "SAM is not here; TestTemplates checks what it reads",
	"go test -race":                       "says what to add to one's own tests",
}

var inText = regexp.MustCompile("`((?:go|bash|make|weir|demo|sam) [^`]+)`")

// commandsOf lists what the text of a page tells its reader to type.
func commandsOf(prose string) (found []string) {
	for _, m := range inText.FindAllStringSubmatch(prose, -1) {
		found = append(found, strings.Join(strings.Fields(m[1]), " "))
	}
	return found
}

// linesOf lists the commands of a script, without what it says about them.
func linesOf(script string) (found []string) {
	for line := range strings.Lines(script) {
		command, _, _ := strings.Cut(line, " #")
		found = append(found, strings.TrimSpace(command))
	}
	return found
}

// command checks that a command is run, or listed.
func (c *checker) command(command string) error {
	if notRun[command] != "" {
		return nil
	}
	if form := otherwise[command]; form != "" {
		command = form
	}
	ci, err := c.read(".ci/run")
	if err != nil {
		return err
	}
	whole := regexp.MustCompile(`(?m)^[^#\n]*(^|[\s"])` + regexp.QuoteMeta(command) + `(\s|$)`)
	if !whole.MatchString(ci) {
		return fmt.Errorf("%q is not in .ci/run: let that run it, or list it in commands.go with a reason", command)
	}
	return nil
}
