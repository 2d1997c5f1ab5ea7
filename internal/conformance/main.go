// Command conformance runs files of batch processing cases through weir's public API and
// says where it answers otherwise than they expect.
//
//	go run ./internal/conformance batch FILE...
//	go run ./internal/conformance kafka FILE...
//
// It exits with 0 when all cases pass, 1 when any fails or cannot be read, 2 on bad usage.
package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// kinds are the kinds of files, by the name of their subcommand: the sources that their
// cases may have.
var kinds = map[string]map[string]source{
	"batch": batchSources,
	"kafka": kafkaSources,
}

const (
	passed = iota
	failures
	badUsage
)

func run(args []string, stdout, stderr io.Writer) int {
	known := strings.Join(slices.Sorted(maps.Keys(kinds)), ", ")
	if len(args) < 2 {
		fmt.Fprintf(stderr, "usage: conformance KIND FILE...\nkinds: %s\n", known)
		return badUsage
	}
	sources, ok := kinds[args[0]]
	if !ok {
		fmt.Fprintf(stderr, "conformance: unknown kind %q; kinds: %s\n", args[0], known)
		return badUsage
	}
	pass, fail, unread := 0, 0, 0
	for _, file := range args[1:] {
		cases, err := load(file)
		if err != nil {
			fmt.Fprintf(stderr, "conformance: %v\n", err)
			unread++
			continue
		}
		for _, c := range cases {
			if problems := c.run(sources); len(problems) > 0 {
				fail++
				fmt.Fprintf(stdout, "%s: %s\n    %s\n", file, c.ID, strings.Join(problems, "\n    "))
			} else {
				pass++
			}
		}
	}
	fmt.Fprintf(stdout, "%d passed, %d failed\n", pass, fail)
	if fail+unread > 0 {
		return failures
	}
	return passed
}
