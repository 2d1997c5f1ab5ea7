package envelope

import (
	"bytes"
	"encoding/base64"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/b64"
)

// Base64 decodes payloads that are base64, as binary bodies of a queue are: v gets the bytes.
//
// Either alphabet is read, the one with + and / and that of URLs with - and _, but not both in one
// payload; with padding or without; line breaks do not count. Anything else is undecodable, a cut
// payload too where its length shows it. What is empty decodes to nothing.
func Base64(v weir.Verb) weir.Verb {
	return opening("Base64", v, func(m *weir.Message) ([]weir.Message, error) {
		data, err := decode64(m.Payload)
		if err != nil {
			return nil, damaged("base64", "%w", err)
		}
		return one(m, data), nil
	})
}

func decode64(text []byte) ([]byte, error) {
	url := bytes.ContainsAny(text, "-_")
	padded := bytes.IndexByte(text, '=') >= 0
	if !url {
		letters := len(text)
		if !padded {
			letters -= bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r"))
		}
		if padded || letters%4 == 0 { // the usual case, twice as fast
			return b64.AppendDecode(make([]byte, 0, len(text)/4*3+3), text)
		}
		return base64.RawStdEncoding.AppendDecode(nil, text)
	}
	if padded {
		return base64.URLEncoding.AppendDecode(nil, text)
	}
	return base64.RawURLEncoding.AppendDecode(nil, text)
}
