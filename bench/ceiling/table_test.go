package ceiling

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "set the ceilings to what is measured")

const file = "testdata/ceilings.txt"

// check compares a measured figure with its line of the table, which is set to spare more
// than that.
func check(t *testing.T, name string, got, spare int, about string) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("the ceilings are amd64's")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		f := strings.Fields(line)
		if len(f) != 2 || f[0] != name {
			continue
		}
		ceiling, err := strconv.Atoi(f[1])
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		switch {
		case *update:
			lines[i] = fmt.Sprintf("%-13s %d", name, got+spare)
			if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
				t.Fatal(err)
			}
		case got > ceiling:
			t.Errorf("%s: %d %s, ceiling %d. Undo the rise; where it is worth its price, raise %s by\n\tgo test ./bench/ceiling -update\nand say why in the change.",
				name, got, about, ceiling, file)
		case got+2*spare < ceiling:
			t.Logf("%s: %d %s, ceiling %d: lower it by go test ./bench/ceiling -update", name, got, about, ceiling)
		}
		return
	}
	t.Fatalf("%s has no line for %s", file, name)
}
