package deadletter

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"
)

// octets are a JSON string where they are UTF-8, else {"base64":"..."}.
type octets []byte

type encoded struct {
	Base64 *[]byte `json:"base64"`
}

func (o octets) MarshalJSON() ([]byte, error) {
	if utf8.Valid(o) {
		return quote(string(o))
	}
	return []byte(`{"base64":"` + base64.StdEncoding.EncodeToString(o) + `"}`), nil
}

func (o *octets) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		var text string
		err := json.Unmarshal(data, &text)
		*o = append([]byte{}, text...)
		return err
	}
	var e encoded
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	if e.Base64 == nil {
		return errors.New(`neither a string nor {"base64":"..."}`)
	}
	*o = append([]byte{}, *e.Base64...)
	return nil
}

// text is octets, of a Go string.
type text string

func (t text) MarshalJSON() ([]byte, error) { return octets(t).MarshalJSON() }

func (t *text) UnmarshalJSON(data []byte) error {
	var o octets
	err := o.UnmarshalJSON(data)
	*t = text(o)
	return err
}

// quote writes a JSON string without escaping what is special in HTML.
func quote(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// nested is JSON as it stands, or octets where that would not come back byte by byte.
type nested []byte

func (n nested) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	if len(n) == 0 || n[0] != '{' || isEncoded(n) || !utf8.Valid(n) || json.Compact(&b, n) != nil || !bytes.Equal(b.Bytes(), n) || special(n) {
		return []byte(`{"base64":"` + base64.StdEncoding.EncodeToString(n) + `"}`), nil
	}
	return n, nil
}

// isEncoded reports whether JSON looks like octets. A record that does so by itself is written as octets too,
// or it would come back as what they say.
func isEncoded(data []byte) bool {
	var fields map[string]json.RawMessage
	return json.Unmarshal(data, &fields) == nil && len(fields) == 1 && fields["base64"] != nil
}

func (n *nested) UnmarshalJSON(data []byte) error {
	if isEncoded(data) {
		var o octets
		err := o.UnmarshalJSON(data)
		*n = nested(o)
		return err
	}
	*n = append([]byte{}, data...)
	return nil
}

// special reports whether U+FFFE or U+FFFF are among the characters, which SQS and SNS refuse.
func special(data []byte) bool {
	return bytes.Contains(data, []byte("\uFFFE")) || bytes.Contains(data, []byte("\uFFFF"))
}

// escape spells U+FFFE and U+FFFF out, which stand in strings only.
func escape(data []byte) []byte {
	if !special(data) {
		return data
	}
	data = bytes.ReplaceAll(data, []byte("\uFFFE"), []byte(`\ufffe`))
	return bytes.ReplaceAll(data, []byte("\uFFFF"), []byte(`\uffff`))
}

// moment is RFC 3339, or seconds and nanoseconds since 1970 where that has no years.
type moment time.Time

func (m moment) MarshalJSON() ([]byte, error) {
	t := time.Time(m).UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		return json.Marshal([2]int64{t.Unix(), int64(t.Nanosecond())})
	}
	return t.AppendFormat([]byte{'"'}, `2006-01-02T15:04:05.999999999Z07:00"`), nil
}

func (m *moment) UnmarshalJSON(data []byte) error {
	var since [2]int64
	if len(data) > 0 && data[0] == '[' {
		if err := json.Unmarshal(data, &since); err != nil {
			return err
		}
		if since[1] < 0 || since[1] >= 1e9 {
			return errors.New("nanoseconds are from 0 to 999999999")
		}
		*m = moment(time.Unix(since[0], since[1]).UTC())
		return nil
	}
	var t time.Time
	err := json.Unmarshal(data, &t)
	*m = moment(t.UTC())
	return err
}
