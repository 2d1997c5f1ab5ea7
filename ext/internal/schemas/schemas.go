// Package schemas is what packages that check by JSON Schema share.
package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// maxDigits and maxExponent bound the numbers of a payload. The validator computes with fractions,
// for which 1e1000000 is a number of a million digits, and panics over larger ones.
const (
	maxDigits   = 1000
	maxExponent = 1000
)

// ErrNumber matches the error of JSON with a number beyond the limits.
var ErrNumber = errors.New("a number is too much to compute with")

// parse parses JSON for Validate. Numbers keep all their digits; those of more than 1000 characters
// or with exponents beyond 1000 are an error. The steps are those of the paths of all values together.
func parse(data []byte) (doc any, steps int, err error) {
	if doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(data)); err != nil {
		return nil, 0, err
	}
	steps, err = look(doc, 0)
	return doc, steps, err
}

// look goes through a value that is so many steps from the root.
func look(doc any, depth int) (steps int, err error) {
	steps = depth
	inside := func(v any) {
		n, e := look(v, depth+1)
		if steps += n; err == nil {
			err = e
		}
	}
	switch v := doc.(type) {
	case json.Number:
		err = number(string(v))
	case []any:
		for _, item := range v {
			inside(item)
		}
	case map[string]any:
		for _, member := range v {
			inside(member)
		}
	}
	return steps, err
}

func number(text string) error {
	if len(text) > maxDigits {
		return fmt.Errorf("%w: %s... has %d characters, %d is the most", ErrNumber, text[:20], len(text), maxDigits)
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		if n, err := strconv.Atoi(text[i+1:]); err != nil || n > maxExponent || n < -maxExponent {
			return fmt.Errorf("%w: %.40s has an exponent beyond %d", ErrNumber, text, maxExponent)
		}
	}
	return nil
}

// Loader finds the text of what a schema refers to, by its URL.
type Loader func(at string) (text string, err error)

// Load implements jsonschema.URLLoader.
func (l Loader) Load(at string) (any, error) {
	text, err := l(at)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(strings.NewReader(text))
}

// Schema is a compiled schema. It is safe for concurrent use.
type Schema struct {
	schema *jsonschema.Schema
	none   *jsonschema.Schema // what is not valid by schema
}

// Compile compiles a schema that is at a URL. What it refers to is asked of load, and of nothing
// else: neither files nor the network are read.
func Compile(c *jsonschema.Compiler, at, text string, load Loader) (*Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	c.UseLoader(load)
	if err := c.AddResource(at, doc); err != nil {
		return nil, err
	}
	s := new(Schema)
	if s.schema, err = c.Compile(at); err != nil {
		return nil, err
	}
	const none = "weir:///none"
	if err := c.AddResource(none, map[string]any{"not": map[string]any{"$ref": at}}); err != nil {
		return nil, err
	}
	s.none, err = c.Compile(none)
	return s, err
}

// The bounds of payloads whose failures have their places. The validator finds all of them, which take some 300
// times the size of a payload that is wrong everywhere, and keeps the whole path of each, also of those that
// come to nothing in another branch of an anyOf: 10,000 arrays within each other would take gigabytes.
const (
	maxDetailed = 64 << 10 // bytes
	maxSteps    = 256 << 10
)

// ErrLarge is the error of a payload that is not valid, and too large to be told where.
var ErrLarge = errors.New("something in it is not valid: where is not looked for in a payload of more than 64 kB, or nested as deep as this one")

// Validate parses a payload and holds it to the schema. The error is an *Error, ErrLarge, or that of what is not
// JSON or has such numbers.
func (s *Schema) Validate(payload []byte) error {
	doc, steps, err := parse(payload)
	switch {
	case err != nil:
		return err
	case len(payload) <= maxDetailed && steps <= maxSteps:
		if err := s.schema.Validate(doc); err != nil {
			return explain(err, doc)
		}
	case s.none.Validate(doc) == nil: // which keeps no failures
		return ErrLarge
	}
	return nil
}

// Named reports whether a reference, which is absolute by now, was written as the name.
func Named(at, name string) bool {
	plain, err := url.PathUnescape(at)
	if err != nil {
		plain = at
	}
	for _, at := range [...]string{at, plain} {
		if at == name || strings.HasSuffix(at, "/"+name) {
			return true
		}
	}
	return false
}
