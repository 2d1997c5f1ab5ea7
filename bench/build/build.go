// Package build builds the programs of this module.
package build

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

const module = "github.com/weir-go/weir/bench"

// Function builds a command of this module as Lambda's users do, for linux on the given
// architecture. The working folder must be in the module; the workspace does not count, so
// that the binary is the same wherever it is built.
func Function(ctx context.Context, dir, arch, name, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", out, module+"/cmd/"+name)
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOWORK=off", "GOFLAGS=")
	return run(cmd, dir)
}

// Peer builds the command that measures peers, with build tags and an experiment of Go's.
func Peer(ctx context.Context, dir, tags, experiment, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-trimpath", "-tags", tags, "-o", out, module+"/cmd/peer")
	if experiment != "" {
		cmd.Env = append(cmd.Environ(), "GOEXPERIMENT="+experiment)
	}
	return run(cmd, dir)
}

// Folder is where a module of the workspace, or one required, lies.
func Folder(ctx context.Context, path string) (string, error) { return list(ctx, path, "{{.Dir}}") }

// Version is that of a module this one requires.
func Version(ctx context.Context, path string) (string, error) {
	return list(ctx, path, "{{.Version}}")
}

func list(ctx context.Context, path, format string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", format, path)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

func run(cmd *exec.Cmd, dir string) error {
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
