package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/weir-go/weir"
)

// handler is the user's function and observers of a case. It notes what it is called with.
type handler struct {
	c  *testcase
	o  options
	id func(*weir.Message) string

	mu    sync.Mutex
	calls []string
}

func (h *handler) handle(_ context.Context, m *weir.Message) error {
	id := h.id(m)
	h.mu.Lock()
	h.calls = append(h.calls, id)
	h.mu.Unlock()
	if slices.Contains(h.c.Fail, id) {
		return errors.New("the case wants this record to fail")
	}
	return nil
}

// object is a decoded payload.
type object map[string]json.RawMessage

// payloads is a verb for sources whose payload is the JSON.
func payloads(h *handler) weir.Verb { return weir.Each(h.object) }

// item has its JSON in an attribute.
type item struct {
	Doc *string `dynamodbav:"doc"`
}

// documents is a verb for items, of which the newer image counts.
func documents(h *handler) weir.Verb {
	return weir.Each(func(ctx context.Context, c weir.Change[item]) error {
		image := c.New
		if image == nil {
			image = c.Old
		}
		if image == nil || image.Doc == nil {
			return weir.Undecodable(errors.New("there is no doc"))
		}
		var v object
		if err := json.Unmarshal([]byte(*image.Doc), &v); err != nil {
			return weir.Undecodable(err)
		}
		return h.object(ctx, v)
	})
}

func (h *handler) object(ctx context.Context, v object) error {
	if v == nil {
		return weir.Undecodable(errors.New("null is no object"))
	}
	for _, field := range h.o.fields {
		if _, ok := v[field]; !ok {
			return weir.Undecodable(fmt.Errorf("there is no %s", field))
		}
	}
	m, ok := weir.FromContext(ctx)
	if !ok {
		return errors.New("the context has no message")
	}
	return h.handle(ctx, m)
}

// RecordSucceeded implements weir.RecordSucceededObserver.
func (h *handler) RecordSucceeded(_ context.Context, m *weir.Message) error {
	if slices.Contains(h.o.successHookFails, h.id(m)) {
		return errors.New("the case wants the success hook to fail")
	}
	return nil
}

// RecordFailed implements weir.RecordFailedObserver.
func (h *handler) RecordFailed(context.Context, *weir.Message, error) error {
	if h.o.failureHookFails {
		return errors.New("the case wants the failure hook to fail")
	}
	return nil
}
