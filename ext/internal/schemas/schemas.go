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

// Parse parses JSON for Validate. Numbers keep all their digits; those of more than 1000 characters
// or with exponents beyond 1000 are an error.
func Parse(data []byte) (any, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return doc, numbers(doc)
}

func numbers(doc any) error {
	switch v := doc.(type) {
	case json.Number:
		return number(string(v))
	case []any:
		for _, item := range v {
			if err := numbers(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, member := range v {
			if err := numbers(member); err != nil {
				return err
			}
		}
	}
	return nil
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

// Compile compiles a schema that is at a URL. What it refers to is asked of load, and of nothing
// else: neither files nor the network are read.
func Compile(c *jsonschema.Compiler, at, text string, load Loader) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	c.UseLoader(load)
	if err := c.AddResource(at, doc); err != nil {
		return nil, err
	}
	return c.Compile(at)
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
