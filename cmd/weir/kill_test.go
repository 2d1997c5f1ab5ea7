package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/cmd/weir/internal/flights"
)

// TestMain makes the test's binary the program itself when it is asked to.
func TestMain(m *testing.M) {
	if os.Getenv("WEIR_TEST_AS_PROGRAM") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is weir as a process of its own.
func program(t *testing.T, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), "WEIR_TEST_AS_PROGRAM=1")
	stderr = &bytes.Buffer{}
	cmd.Stderr = stderr
	return cmd, stderr
}

// A replay that is killed at any moment, by a signal that nobody can catch, goes on where it was
// as soon as it is run again.
func TestReplayKilled(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	list, err := flights.Load()
	if err != nil {
		t.Fatal(err)
	}
	file := archived(t, "flights.jsonl.gz", list)
	db := filepath.Join(t.TempDir(), "flights.db")
	// Small batches take it some seconds, so the kills come in the middle.
	size := func() int64 {
		info, err := os.Stat(db)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	kills := 0
	for kills < 4 || size() < 100<<10 && kills < 100 {
		cmd, stderr := program(t, "replay", "--db", db, "--batch", "1", file)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(rng.Int64N(int64(400*time.Millisecond))), func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		if err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("%v\n%s", err, stderr)
		}
		kills++
	}
	r := replayed(t, 0, "--db", db, file)
	t.Logf("after %d kills %d flights were in", kills, r.Duplicates)
	if r.Merged+r.Duplicates != 20_000 || r.Flights != 20_000 || r.Merged == 0 || r.Duplicates == 0 {
		t.Errorf("%d merged, %d recognised, %d in the file", r.Merged, r.Duplicates, r.Flights)
	}
	wantFolded(t, db, list)
}
