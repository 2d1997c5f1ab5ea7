package weirtest

import (
	"encoding/json"
	"unicode/utf8"
)

// image is an item as the JSON of its attribute map, nil for none.
func image(item any, where string) json.RawMessage {
	var raw json.RawMessage
	switch item := item.(type) {
	case nil:
		return nil
	case string, []byte, json.RawMessage:
		raw = text(item)
	default:
		attrs, err := attributeMap(item)
		if err != nil {
			panic(where + err.Error())
		}
		raw = marshal(attrs)
	}
	if !json.Valid(raw) {
		panic(where + "the item is not JSON, which no stream sends")
	}
	return raw
}

// size is about what DynamoDB counts for an item. Source: "DynamoDB item sizes and formats",
// Amazon DynamoDB Developer Guide.
func size(image json.RawMessage) int {
	var item map[string]any
	if json.Unmarshal(image, &item) != nil {
		return len(image)
	}
	return mapSize(item)
}

func mapSize(item map[string]any) int {
	n := 0
	for name, v := range item {
		n += utf8.RuneCountInString(name) + valueSize(v)
	}
	return n
}

func valueSize(v any) int {
	typed, _ := v.(map[string]any)
	n := 0
	for kind, v := range typed {
		switch v := v.(type) {
		case string:
			n += scalarSize(kind, v)
		case []any:
			for _, elem := range v {
				if s, ok := elem.(string); ok {
					n += scalarSize(kind[:1], s)
				} else {
					n += 1 + valueSize(elem)
				}
			}
			if kind == "L" {
				n += 3
			}
		case map[string]any:
			n += 3 + len(v) + mapSize(v)
		default:
			n++ // BOOL, NULL
		}
	}
	return n
}

func scalarSize(kind, text string) int {
	switch kind {
	case "N":
		return 1 + (len(text)+1)/2
	case "B":
		return len(text) / 4 * 3
	}
	return len(text)
}
