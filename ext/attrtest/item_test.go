package attrtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// errAmbiguous marks an item with names that differ only in case, or not at all: the
// SDK goes through its map in random order, so that the winner is random too.
var errAmbiguous = errors.New("ambiguous names")

var numberForm = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// parse reads an item as the SDK would have got it, with no attribute value that
// DynamoDB does not write.
func parse(text string) (map[string]types.AttributeValue, error) {
	d := json.NewDecoder(strings.NewReader(text))
	item, err := parseMap(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("text after the item")
	}
	return item, nil
}

func parseMap(d *json.Decoder) (map[string]types.AttributeValue, error) {
	if err := expect(d, json.Delim('{')); err != nil {
		return nil, err
	}
	m := map[string]types.AttributeValue{}
	var ambiguous error
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		for other := range m {
			if strings.EqualFold(other, name.(string)) {
				ambiguous = errAmbiguous
			}
		}
		av, err := parseValue(d)
		if errors.Is(err, errAmbiguous) {
			ambiguous = err
		} else if err != nil {
			return nil, err
		}
		m[name.(string)] = av
	}
	return m, errors.Join(expect(d, json.Delim('}')), ambiguous)
}

func expect(d *json.Decoder, want json.Token) error {
	got, err := d.Token()
	if err == nil && got != want {
		err = fmt.Errorf("got %v, want %v", got, want)
	}
	return err
}

func parseValue(d *json.Decoder) (av types.AttributeValue, err error) {
	if err := expect(d, json.Delim('{')); err != nil {
		return nil, err
	}
	kind, err := d.Token()
	if err != nil {
		return nil, err
	}
	var ambiguous error
	switch kind {
	case "S":
		s, err := strict[string](d)
		if err != nil {
			return nil, err
		}
		av = &types.AttributeValueMemberS{Value: s}
	case "N":
		n, err := strict[string](d)
		if err != nil || !numberForm.MatchString(n) {
			return nil, errors.Join(err, errors.New("not a number"))
		}
		av = &types.AttributeValueMemberN{Value: n}
	case "B":
		b, err := parseBytes(d)
		if err != nil {
			return nil, err
		}
		av = &types.AttributeValueMemberB{Value: b}
	case "BOOL":
		b, err := strict[bool](d)
		if err != nil {
			return nil, err
		}
		av = &types.AttributeValueMemberBOOL{Value: b}
	case "NULL":
		b, err := strict[bool](d)
		if err != nil || !b {
			return nil, errors.Join(err, errors.New("NULL false"))
		}
		av = &types.AttributeValueMemberNULL{Value: true}
	case "M":
		m, err := parseMap(d)
		if err != nil && !errors.Is(err, errAmbiguous) {
			return nil, err
		}
		ambiguous = err
		av = &types.AttributeValueMemberM{Value: m}
	case "L":
		l, err := parseList(d, parseValue)
		if err != nil && !errors.Is(err, errAmbiguous) {
			return nil, err
		}
		ambiguous = err
		av = &types.AttributeValueMemberL{Value: l}
	case "SS":
		l, err := parseList(d, strict[string])
		if err != nil {
			return nil, err
		}
		av = &types.AttributeValueMemberSS{Value: l}
	case "NS":
		l, err := parseList(d, strict[string])
		if err != nil {
			return nil, err
		}
		for _, n := range l {
			if !numberForm.MatchString(n) {
				return nil, errors.New("not a number")
			}
		}
		av = &types.AttributeValueMemberNS{Value: l}
	case "BS":
		l, err := parseList(d, parseBytes)
		if err != nil {
			return nil, err
		}
		av = &types.AttributeValueMemberBS{Value: l}
	default:
		return nil, fmt.Errorf("unknown type %v", kind)
	}
	if err := expect(d, json.Delim('}')); err != nil {
		return nil, err
	}
	return av, ambiguous
}

func parseList[E any](d *json.Decoder, one func(*json.Decoder) (E, error)) ([]E, error) {
	if err := expect(d, json.Delim('[')); err != nil {
		return nil, err
	}
	l := []E{}
	var ambiguous error
	for d.More() {
		e, err := one(d)
		if errors.Is(err, errAmbiguous) {
			ambiguous = err
		} else if err != nil {
			return nil, err
		}
		l = append(l, e)
	}
	return l, errors.Join(expect(d, json.Delim(']')), ambiguous)
}

// strict reads a value that is neither null nor of another kind.
func strict[T any](d *json.Decoder) (T, error) {
	var x T
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return x, err
	}
	if bytes.Equal(raw, []byte("null")) {
		return x, errors.New("null")
	}
	return x, json.Unmarshal(raw, &x)
}

func parseBytes(d *json.Decoder) ([]byte, error) {
	s, err := strict[string](d)
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(s)
}
