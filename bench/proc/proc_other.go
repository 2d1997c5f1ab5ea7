//go:build !linux

package proc

import (
	"errors"
	"os/exec"
	"time"
)

// CPU is for Linux.
func CPU() (time.Duration, error) { return 0, errors.ErrUnsupported }

// CPUOf is for Linux.
func CPUOf(int) (time.Duration, error) { return 0, errors.ErrUnsupported }

// MemoryOf is for Linux.
func MemoryOf(int) (Memory, error) { return Memory{}, errors.ErrUnsupported }

// StartPinned starts a command, which may run on any core.
func StartPinned(cmd *exec.Cmd) error { return cmd.Start() }
