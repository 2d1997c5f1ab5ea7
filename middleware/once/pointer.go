package once

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/jsonscan"
)

// Pointer takes a value out of a JSON payload by a JSON pointer (RFC 6901), such as /order/id; on
// DynamoDB out of the record, such as /dynamodb/NewImage/id/S. Strings, numbers and booleans are
// told apart: "1" is another key than 1, which is another than 1.0. A payload that is not JSON is
// undecodable.
//
// What ValueKey says of missing values holds: an object in which a member is null, "", or empty is no
// key, even if that member may be so. Point to what tells records apart, or say Partial; for all of
// the content take Payload.
func Pointer(pointer string, opts ...KeyOption) Key {
	name := fmt.Sprintf("Pointer(%q)", pointer)
	steps, err := parsePointer(pointer)
	if err != nil {
		return RefuseKey(err)
	}
	c, err := keyConfigOf(name, opts)
	if err != nil {
		return RefuseKey(err)
	}
	return c.of(name, func(m *weir.Message, c keyConfig) (string, error) { return c.at(content(m), steps) })
}

func parsePointer(pointer string) ([]string, error) {
	if pointer == "" {
		return nil, nil // the whole document
	}
	if pointer[0] != '/' {
		return nil, fmt.Errorf("once: Pointer(%q): a JSON pointer begins with a slash", pointer)
	}
	steps := strings.Split(pointer[1:], "/")
	for i, s := range steps {
		for rest := s; ; {
			at := strings.IndexByte(rest, '~')
			if at < 0 {
				break
			}
			if rest = rest[at+1:]; rest == "" || rest[0] != '0' && rest[0] != '1' {
				return nil, fmt.Errorf("once: Pointer(%q): ~ stands for itself as ~0, and for a slash as ~1", pointer)
			}
		}
		steps[i] = strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
	}
	return steps, nil
}

// at returns the key at the end of steps, "" if there is nothing.
func (c keyConfig) at(text string, steps []string) (string, error) {
	if text == "" {
		return "", nil // a tombstone, say
	}
	if !json.Valid([]byte(text)) {
		return "", weir.Undecodable(errNotJSON)
	}
	for _, step := range steps {
		if text = child(text, step); text == "" {
			return "", nil
		}
	}
	if broken(text) {
		return "", weir.Undecodable(errBroken)
	}
	v, err := parse(text)
	if err != nil {
		return "", err
	}
	return c.key(v)
}

// child returns the member or the item that a step leads to, "" for none. Of several members of a
// name it is the last, as for encoding/json.
func child(text, step string) (found string) {
	var s jsonscan.Scanner
	s.Reset(text)
	switch s.Kind() {
	case '{':
		for s.Object(); s.MoreKeys(); {
			if name, value := s.Key(), s.Skip(); name == step {
				found = value
			}
		}
	case '[':
		want, err := strconv.Atoi(step)
		if err != nil || strconv.Itoa(want) != step {
			return "" // 01 and - are no items of a list
		}
		i := 0
		for s.Array(); s.MoreItems(); i++ {
			if value := s.Skip(); i == want {
				found = value
			}
		}
	}
	if s.Err() != nil {
		return ""
	}
	return found
}
