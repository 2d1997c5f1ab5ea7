package once

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/weir-go/weir"
)

// KeyOption is an option of Pointer, JSONKey and ValueKey.
type KeyOption func(*keyConfig)

type keyConfig struct{ partial bool }

// Partial makes a key of a list or an object of which a part is missing. All records that lack the
// same part, and have the others in common, are one thing to do then: of [tenant, id], all of a
// tenant that have no id. What has nothing but missing parts is missing still.
func Partial() KeyOption { return func(c *keyConfig) { c.partial = true } }

func keyConfigOf(name string, opts []KeyOption) (c keyConfig, err error) {
	for i, o := range opts {
		if o == nil {
			return c, fmt.Errorf("once: %s: option %d is nil", name, i)
		}
		o(&c)
	}
	return c, nil
}

// ValueKey is the key that a JSON value makes: its text, with the members of objects in order. The value
// is what encoding/json makes of a document. Numbers should be json.Number, for large ones differ
// in digits that a float64 has no room for.
//
// Null, "", and a list or an object without anything in it are missing, and make no key. Nor does a
// list or an object in which any part is missing, however deep, unless Partial says so: for two
// records that lack an identifier must never share a key. Text that is not UTF-8 is undecodable.
func ValueKey(v any, opts ...KeyOption) (string, error) {
	c, err := keyConfigOf("ValueKey", opts)
	if err != nil {
		return "", weir.Unavailable(err)
	}
	return c.key(v)
}

// JSONKey makes a Key of what a function finds in a JSON payload, by the rules of ValueKey; on DynamoDB in
// the record. It is for packages that look for keys by a language of their own. The name stands in
// errors, as users write the key. Numbers of the document are json.Number. The function is not called for an
// empty payload, which has no key; one that is not JSON is undecodable. What KeyFunc says of
// errors, and of how it is called, holds.
func JSONKey(name string, find func(document any) (any, error), opts ...KeyOption) Key {
	if name == "" || find == nil {
		return RefuseKey(errors.New("once: JSONKey: it takes a name and a function"))
	}
	c, err := keyConfigOf(name, opts)
	if err != nil {
		return RefuseKey(err)
	}
	return c.of(name, func(m *weir.Message, c keyConfig) (string, error) {
		text := content(m)
		if text == "" {
			return "", nil // a tombstone, say
		}
		document, err := parse(text)
		if err != nil {
			return "", err
		}
		v, err := find(document)
		if err != nil {
			return "", err
		}
		key, err := c.key(v)
		if err == nil && strings.ContainsRune(key, utf8.RuneError) && broken(text) {
			return "", weir.Undecodable(errBroken) // it may have been two different texts
		}
		return key, err
	})
}

// of makes the Key. Validate compares all that is there, so it is shown what is no key, too.
func (c keyConfig) of(name string, find func(*weir.Message, keyConfig) (string, error)) Key {
	k := Key{name: name, of: func(m *weir.Message) (string, error) { return find(m, c) }}
	k.content = func(m *weir.Message) (string, error) { return find(m, keyConfig{partial: true}) }
	return k
}

func (c keyConfig) key(v any) (string, error) {
	switch {
	case c.missing(v):
		return "", nil
	case !valid(v):
		return "", weir.Undecodable(errBroken)
	}
	text, err := json.Marshal(v)
	return string(text), err
}

func (c keyConfig) missing(v any) bool {
	lacks, of := 0, 0
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool, json.Number, float64:
		return false
	case []any:
		of = len(v)
		for _, e := range v {
			if c.missing(e) {
				lacks++
			}
		}
	case map[string]any:
		of = len(v)
		for _, e := range v {
			if c.missing(e) {
				lacks++
			}
		}
	default:
		text, err := json.Marshal(v)
		return err == nil && (string(text) == "null" || string(text) == `""`)
	}
	return lacks == of || lacks > 0 && !c.partial
}

// valid tells whether text is UTF-8: json.Marshal would make one of all that is not.
func valid(v any) bool {
	switch v := v.(type) {
	case string:
		return utf8.ValidString(v)
	case []any:
		for _, e := range v {
			if !valid(e) {
				return false
			}
		}
	case map[string]any:
		for k, e := range v {
			if !utf8.ValidString(k) || !valid(e) {
				return false
			}
		}
	}
	return true
}

// Errors of content in which no key can be looked for.
var (
	errNotJSON = errors.New("once: the payload is not JSON, so the key cannot be found in it")
	errBroken  = errors.New("once: the key has text that is not Unicode: half a surrogate pair, or bytes that are not UTF-8")
)

// parse decodes JSON, with numbers as they are written.
func parse(text string) (v any, err error) {
	if !json.Valid([]byte(text)) { // a Decoder would not mind what comes behind
		return nil, weir.Undecodable(errNotJSON)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, weir.Undecodable(errNotJSON)
	}
	return v, nil
}

// broken tells whether valid JSON has text that decoders replace by U+FFFD, so that two different ones
// look the same.
func broken(text string) bool {
	if !utf8.ValidString(text) {
		return true
	}
	for {
		at := strings.IndexByte(text, '\\')
		if at < 0 {
			return false
		}
		text = text[at:]
		switch r := unit(text); {
		case r < 0:
			text = text[min(2, len(text)):]
		case 0xD800 <= r && r < 0xDC00:
			if low := unit(text[6:]); low < 0xDC00 || low >= 0xE000 {
				return true
			}
			text = text[12:]
		case 0xDC00 <= r && r < 0xE000:
			return true
		default:
			text = text[6:]
		}
	}
}

// unit is the UTF-16 code unit of an escape at the beginning of a text, or -1.
func unit(text string) (r rune) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	for _, c := range []byte(text[2:6]) {
		r <<= 4
		switch {
		case '0' <= c && c <= '9':
			r |= rune(c - '0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r |= rune(c|0x20-'a') + 10
		default:
			return -1
		}
	}
	return r
}
