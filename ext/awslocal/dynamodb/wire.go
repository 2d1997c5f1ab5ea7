package dynamodb

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"
)

// UnmarshalJSON reads a value and refuses what DynamoDB does.
func (v *value) UnmarshalJSON(data []byte) error {
	var members map[kind]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	switch len(members) {
	case 0:
		return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case 1:
	default:
		return invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	}
	for k, raw := range members {
		return v.read(k, raw)
	}
	return nil
}

func (v *value) read(k kind, raw []byte) error {
	*v = value{kind: k}
	var into any
	switch k {
	case kindS, kindN, kindB:
		into = &v.text
	case kindSS, kindNS, kindBS:
		into = &v.set
	case kindM:
		into = &v.fields
	case kindL:
		into = &v.list
	case kindBool, kindNull:
		into = &v.yes
	default:
		return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes: %s is none", k)
	}
	if bytes.Equal(raw, []byte("null")) {
		return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return err
	}
	return v.normal()
}

// normal brings a value that was just read into its one form.
func (v *value) normal() error {
	switch v.kind {
	case kindNull:
		if !v.yes {
			return invalid("One or more parameter values were invalid: Null attribute value types must have the value of true")
		}
		v.yes = false
	case kindN, kindB:
		s, err := scalar(v.kind, v.text)
		v.text = s
		return err
	case kindSS, kindNS, kindBS:
		return v.normalSet()
	}
	return nil
}

var kindNames = map[kind]string{kindSS: "string", kindNS: "number", kindBS: "binary"}

func (v *value) normalSet() error {
	if len(v.set) == 0 {
		return invalid("One or more parameter values were invalid: An %s set  may not be empty", kindNames[v.kind])
	}
	for i, e := range v.set {
		s, err := scalar(v.kind.element(), e)
		if err != nil {
			return err
		}
		v.set[i] = s
	}
	slices.Sort(v.set)
	for i := range len(v.set) - 1 {
		if v.set[i] == v.set[i+1] {
			return invalid("One or more parameter values were invalid: Input collection contains duplicates")
		}
	}
	return nil
}

// scalar decodes what stands for an S, N or B in JSON.
func scalar(k kind, s string) (string, error) {
	switch k {
	case kindN:
		n, err := parseNumber(s)
		return n.String(), err
	case kindB:
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return "", refuse("SerializationException", "a binary value is not base64: %v", err)
		}
		return string(b), nil
	}
	return s, nil
}

// MarshalJSON writes the item as the protocol has it.
func (it item) MarshalJSON() ([]byte, error) { return it.append(nil), nil }

func (it item) append(b []byte) []byte {
	b = append(b, '{')
	for name, v := range it {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = appendText(b, kindS, name)
		b = append(b, ':')
		b = v.append(b)
	}
	return append(b, '}')
}

func (v value) append(b []byte) []byte {
	b = append(b, `{"`...)
	b = append(b, v.kind...)
	b = append(b, `":`...)
	switch v.kind {
	case kindS, kindN, kindB:
		b = appendText(b, v.kind, v.text)
	case kindM:
		b = v.fields.append(b)
	case kindL:
		b = append(b, '[')
		for i, e := range v.list {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.append(b)
		}
		b = append(b, ']')
	case kindBool:
		b = strconv.AppendBool(b, v.yes)
	case kindNull:
		b = append(b, "true"...)
	default:
		b = append(b, '[')
		for i, e := range v.set {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, v.kind.element(), e)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// appendText writes a string in quotes, in base64 if it is binary.
func appendText(b []byte, k kind, s string) []byte {
	if k == kindB {
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, []byte(s))
		return append(b, '"')
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, _ := json.Marshal(s) // a string always can be
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
