package deliver

import (
	"bytes"
	"encoding/json"
)

// verdict is what Lambda makes of an invocation.
type verdict uint8

const (
	success verdict = iota
	partial         // some records failed
	failure         // all records failed
)

// readResponse returns the identifiers that a response reports. It is not ok when Lambda
// takes it for the failure of the whole batch. The rules are those that AWS documents or
// that were recorded; other JSON than an object is taken for a failure, to be safe.
func readResponse(response []byte) (ids []string, ok bool) {
	switch string(bytes.TrimSpace(response)) {
	case "", "null", `""`, "[]":
		return nil, true
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(response, &object) != nil {
		return nil, false
	}
	list, ok := object["batchItemFailures"]
	if !ok {
		return nil, true // Lambda sees an empty response: a misspelt key loses records
	}
	var items []map[string]json.RawMessage
	if json.Unmarshal(list, &items) != nil {
		return nil, false
	}
	for _, item := range items {
		var id string
		if json.Unmarshal(item["itemIdentifier"], &id) != nil || id == "" {
			return nil, false
		}
		ids = append(ids, id)
	}
	return ids, true
}

// judge says which of a batch's records failed, by the invocation's response or error.
func judge(response []byte, err error, batch []string) (verdict, map[string]bool) {
	if err != nil {
		return failure, nil
	}
	ids, ok := readResponse(response)
	if !ok {
		return failure, nil
	}
	if len(ids) == 0 {
		return success, nil
	}
	known := make(map[string]bool, len(batch))
	for _, id := range batch {
		known[id] = true
	}
	failed := make(map[string]bool, len(ids))
	for _, id := range ids {
		if !known[id] {
			return failure, nil
		}
		failed[id] = true
	}
	return partial, failed
}
