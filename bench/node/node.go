// Package node finds and installs what the peers in node need: node itself, and the packages
// that package-lock.json pins.
package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Peers are the names that peer.mjs knows: Powertools one record after the other, the faster
// of its ways, and all at once.
func Peers() []string { return []string{"ts-sync", "ts-async"} }

// Folder is this package's folder, with the packages of npm in it once they are installed.
type Folder string

// Version is that of node, or an error that says what is missing.
func (f Folder) Version(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("node"); err != nil {
		return "", errors.New("node not found")
	}
	out, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("node --version: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Powertools is the pinned version.
func (f Folder) Powertools() (string, error) {
	b, err := os.ReadFile(filepath.Join(string(f), "package.json"))
	if err != nil {
		return "", err
	}
	var p struct{ Dependencies map[string]string }
	if err := json.Unmarshal(b, &p); err != nil {
		return "", fmt.Errorf("package.json: %w", err)
	}
	return p.Dependencies["@aws-lambda-powertools/batch"], nil
}

// Installed says whether the packages are there, in the versions of package-lock.json.
func (f Folder) Installed() bool {
	want, err := os.Stat(filepath.Join(string(f), "package-lock.json"))
	if err != nil {
		return false
	}
	got, err := os.Stat(filepath.Join(string(f), "node_modules", ".package-lock.json"))
	return err == nil && !got.ModTime().Before(want.ModTime())
}

// Install runs npm ci, unless the packages are there.
func (f Folder) Install(ctx context.Context) error {
	if f.Installed() {
		return nil
	}
	_, err := f.npm(ctx, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	return err
}

// Bundle makes one file of the function with Powertools, as its users deploy it.
func (f Folder) Bundle(ctx context.Context, file string) error {
	_, err := f.npm(ctx, "run", "--silent", "bundle", "--", "--outfile="+file)
	return err
}

func (f Folder) npm(ctx context.Context, args ...string) ([]byte, error) {
	if _, err := exec.LookPath("npm"); err != nil {
		return nil, errors.New("npm not found")
	}
	cmd := exec.CommandContext(ctx, "npm", args...)
	cmd.Dir = string(f)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		last := strings.TrimSpace(stderr.String())
		return nil, fmt.Errorf("npm %s: %w\n%s", args[0], err, last)
	}
	return out, nil
}

// Peer is the command that measures one peer on one payload of the folder.
func (f Folder) Peer(ctx context.Context, peer, folder, payload, seconds string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "node", "peer.mjs", peer, folder, payload, seconds)
	cmd.Dir = string(f)
	return cmd
}
