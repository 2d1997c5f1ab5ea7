package once

import "github.com/weir-go/weir"

// KeyOf finds the key of a record.
func KeyOf(k Key, m *weir.Message) (string, error) {
	if k.err != nil {
		return "", k.err
	}
	return k.of(m)
}
