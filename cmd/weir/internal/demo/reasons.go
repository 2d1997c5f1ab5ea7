package demo

import (
	"context"
	"strings"
	"sync"

	"github.com/weir-go/weir"
)

// reasons is an observer that remembers why each record last failed. Lambda's own dead
// letters do not say.
type reasons struct {
	mu   sync.Mutex
	byID map[string]string
}

func newReasons() *reasons { return &reasons{byID: map[string]string{}} }

// RecordFailed implements weir.RecordFailedObserver.
func (r *reasons) RecordFailed(_ context.Context, m *weir.Message, err error) error {
	r.note(m, err)
	return nil
}

// RecordSkipped implements weir.RecordSkippedObserver.
func (r *reasons) RecordSkipped(_ context.Context, m *weir.Message, err error) error {
	r.note(m, err)
	return nil
}

func (r *reasons) note(m *weir.Message, err error) {
	text, _, _ := strings.Cut(err.Error(), "\n")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byID[strings.Clone(m.ID)] = text
}

func (r *reasons) of(id string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if reason, ok := r.byID[id]; ok {
		return reason
	}
	return "never failed, but was given up with its batch"
}
