package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
)

// Exit codes.
const (
	exitOK       = 0
	exitFindings = 1 // the command found what it looks for, or failed
	exitUsage    = 2
)

// stdio is where a command reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// command is one verb.
type command struct {
	Name  string
	Short string // one line for the list of commands
	Usage string // the whole help, which "weir NAME -h" prints
	Run   func(ctx context.Context, std stdio, args []string) error
}

// commands are the verbs in the order in which help lists them.
func commands() []command {
	return []command{
		demoCommand(),
		replayCommand(),
		redriveCommand(),
		versionCommand(),
	}
}

// errFindings makes the exit code 1 when the command has said all there is to say.
var errFindings = errors.New("findings")

// usageError is an error in the arguments.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run is the whole program. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, overview())
		return exitUsage
	}
	name, args := args[0], args[1:]
	if name == "help" || name == "-h" || name == "-help" || name == "--help" {
		if len(args) == 0 {
			fmt.Fprint(stdout, overview())
			return exitOK
		}
		name, args = args[0], []string{"-h"}
	}
	for _, c := range commands() {
		if c.Name == name {
			return c.exit(c.Run(ctx, stdio{stdin, stdout, stderr}, args), stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "weir: no command %q\n\n%s", name, overview())
	return exitUsage
}

// exit turns a command's error into its exit code, and prints what is left to say.
func (c command) exit(err error, stdout, stderr io.Writer) int {
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, c.Usage)
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "weir %s: %v\nSee weir %s -h.\n", c.Name, err, c.Name)
		return exitUsage
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(stderr, "weir %s: interrupted\n", c.Name)
		return exitFindings
	}
	fmt.Fprintf(stderr, "weir %s: %v\n", c.Name, err)
	return exitFindings
}

// parse reads flags, which may stand in any order but before "--", and refuses other arguments.
func parse(flags *flag.FlagSet, args []string) error {
	rest, err := parseSome(flags, args)
	if err == nil && len(rest) > 0 {
		err = usagef("what is %q? It takes flags only", rest[0])
	}
	return err
}

// parseSome reads flags, which may also stand behind other arguments but not behind "--". It
// returns the other arguments.
func parseSome(flags *flag.FlagSet, args []string) (rest []string, err error) {
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	for {
		if err := flags.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError{err}
		}
		left := flags.Args()
		if len(left) == 0 {
			return rest, nil
		}
		if n := len(args) - len(left); n > 0 && args[n-1] == "--" {
			return append(rest, left...), nil
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

func overview() string {
	text := `weir is the companion of the Go library weir, which processes batches on AWS Lambda.

Usage: weir COMMAND [flags]

`
	for _, c := range commands() {
		text += fmt.Sprintf("  %-8s  %s\n", c.Name, c.Short)
	}
	return text + "\nweir COMMAND -h tells more.\n"
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
