package once

import (
	"strings"

	"github.com/weir-go/weir"
)

// noKeyError is an ErrNoKey that says where the key was looked for, and what to do.
type noKeyError struct{ why, todo string }

func (e *noKeyError) Error() string        { return "once: the record has no key: " + e.why + ": " + e.todo }
func (e *noKeyError) Is(target error) bool { return target == ErrNoKey }

// none says why a record has no key.
func (k Key) none(m *weir.Message) error {
	const todo = "correct the producer, or say RunWithoutKey"
	if k.content == nil {
		return &noKeyError{k.name + " found none", todo}
	}
	if offloaded(content(m)) {
		return &noKeyError{k.name + " found none, for the payload is the pointer of a large message",
			"put offload.Load before once, or take once.Payload() for the key"}
	}
	if some, err := k.content(m); err == nil && some != "" {
		return &noKeyError{k.name + ` found a list or an object with a part that is null, "" or empty`,
			"correct the producer, or say once.Partial or RunWithoutKey"}
	}
	return &noKeyError{k.name + ` found nothing, null or ""`, todo}
}

// offloaded tells whether a payload is what the extended client libraries of SQS and SNS send for a large
// one: a list of the pointer's Java class, and an object.
func offloaded(text string) bool {
	const space = " \t\r\n"
	text, list := strings.CutPrefix(strings.TrimLeft(text, space), "[")
	text = strings.TrimLeft(text, space)
	return list && (strings.HasPrefix(text, `"software.amazon.payloadoffloading`) || strings.HasPrefix(text, `"com.amazon.sqs.javamessaging`))
}
