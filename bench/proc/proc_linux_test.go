package proc

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/assert"
)

func TestStartPinned(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "grep", "Cpus_allowed_list", "/proc/self/status")
	cmd.Stdout = &out
	assert.NoError(t, StartPinned(cmd))
	assert.NoError(t, cmd.Wait())
	if list := strings.Fields(out.String()); len(list) != 2 || strings.ContainsAny(list[1], ",-") {
		t.Errorf("the child may run on %q, want one core", out.String())
	}
}

func TestOwnFigures(t *testing.T) {
	t.Parallel()
	m, err := MemoryOf(os.Getpid())
	assert.NoError(t, err)
	if m.Now <= 0 || m.Peak < m.Now {
		t.Errorf("memory %+v", m)
	}
	own, err := CPU()
	assert.NoError(t, err)
	same, err := CPUOf(os.Getpid())
	assert.NoError(t, err)
	if own <= 0 || same <= 0 {
		t.Errorf("CPU %v, %v", own, same)
	}
}
