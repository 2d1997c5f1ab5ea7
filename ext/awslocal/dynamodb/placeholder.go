package dynamodb

import (
	"maps"
	"slices"
	"strings"
)

// placeholders are what the expressions of one request share.
type placeholders struct {
	names  map[string]string
	values map[string]value
	used   map[string]bool
}

// newPlaceholders refuses placeholders that no expression could use. expressions says whether
// the request has one at all.
func newPlaceholders(names map[string]string, values map[string]value, expressions bool) (*placeholders, error) {
	ph := &placeholders{names, values, map[string]bool{}}
	for what, empty := range map[string]bool{"ExpressionAttributeNames": names != nil && len(names) == 0, "ExpressionAttributeValues": values != nil && len(values) == 0} {
		if empty {
			return nil, invalid("%s must not be empty", what)
		}
	}
	if !expressions && len(names)+len(values) > 0 {
		if len(names) > 0 {
			return nil, invalid("ExpressionAttributeNames can only be specified when using expressions")
		}
		return nil, invalid("ExpressionAttributeValues can only be specified when using expressions")
	}
	for key, name := range names {
		if len(key) < 2 || key[0] != '#' || word(key[1:]) != len(key)-1 {
			return nil, invalid(`ExpressionAttributeNames contains invalid key: Syntax error; key: "%s"`, key)
		}
		if name == "" || len(name) > 65535 {
			return nil, invalid("ExpressionAttributeNames contains invalid value: the name of %s has %d bytes", key, len(name))
		}
	}
	for key := range values {
		if len(key) < 2 || key[0] != ':' || word(key[1:]) != len(key)-1 {
			return nil, invalid(`ExpressionAttributeValues contains invalid key: Syntax error; key: "%s"`, key)
		}
	}
	return ph, nil
}

// unused refuses placeholders that no expression used.
func (ph *placeholders) unused() error {
	for _, set := range []struct {
		what string
		keys []string
	}{
		{"ExpressionAttributeNames", slices.Sorted(maps.Keys(ph.names))},
		{"ExpressionAttributeValues", slices.Sorted(maps.Keys(ph.values))},
	} {
		left := slices.DeleteFunc(set.keys, func(k string) bool { return ph.used[k] })
		if len(left) > 0 {
			return invalid("Value provided in %s unused in expressions: keys: {%s}", set.what, strings.Join(left, ", "))
		}
	}
	return nil
}
