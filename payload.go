package weir

import (
	"strings"

	"github.com/weir-go/weir/internal/b64"
	"github.com/weir-go/weir/internal/jsonscan"
)

// payload reads a string field into the payload.
func (e *envelope) payload(field string, known *jsonscan.Phrases) {
	e.field = field
	if k := e.Kind(); k != '"' {
		e.Skip()
		e.damage("%s, not a string", kindName(k))
		return
	}
	for tries := 0; tries < 2; tries++ {
		if n, ok := known.Unquote(&e.Scanner, e.memory.Rest()); ok {
			e.now.Payload = e.memory.Take(n)
			return
		}
		if !e.memory.More() {
			break
		}
	}
	e.now.Payload = e.memory.Copy(e.AppendString(nil))
}

// base64Payload reads a base64 field into the payload.
func (e *envelope) base64Payload(field string) {
	e.field = field
	if data, ok := e.plain64(); ok {
		e.now.Payload = data
		return
	}
	if e.Kind() == 'n' {
		e.damage("null, not a string")
	}
	text := e.view(field)
	if e.now.bad != nil {
		return
	}
	data, err := e.decode64(text)
	if err != nil {
		e.damage("%w", err)
		return
	}
	e.now.Payload = data
}

// plain64 reads a string of nothing but base64, if one comes next. Its end is found by decoding it.
func (e *envelope) plain64() (data []byte, ok bool) {
	text, ok := e.Quoted()
	if !ok {
		return nil, false
	}
	size, quote := b64.Quoted(e.memory.Rest(), text)
	if quote >= 0 {
		data = e.memory.Take(size)
	} else { // more than what is left of the chunk, mostly
		room := e.memory.Take(max(0, strings.IndexByte(text, '"'))/4*3 + 6)
		size, quote = b64.Quoted(room, text)
		data = e.memory.Trim(room, size)
	}
	if quote >= 0 {
		e.Jump(len(e.text) - len(text) + quote + 1)
	}
	return data, quote >= 0
}

func (e *envelope) decode64(text string) ([]byte, error) {
	room := e.memory.Take(len(text)/4*3 + 3)
	data, err := b64.AppendDecode(room[:0], text)
	return e.memory.Trim(room, len(data)), err
}
