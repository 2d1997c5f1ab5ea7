package dynamodb

import (
	"maps"
	"slices"
)

// units are capacity units by table. Source: "DynamoDB read and write operations", DynamoDB
// Developer Guide.
type units map[string]*tableUnits

type tableUnits struct {
	read, write float64
}

func (u units) of(table string) *tableUnits {
	if u[table] == nil {
		u[table] = &tableUnits{}
	}
	return u[table]
}

// readUnits is the price of reading so many bytes at once: 1 for 4 KB, half of it if the read need not be
// consistent. Reading nothing costs like reading little.
func readUnits(size int, consistent bool) float64 {
	n := float64(max(1, (size+4095)/4096))
	if !consistent {
		return n / 2
	}
	return n
}

// writeUnits is the price of a write: 1 for a KB of the larger of the item before and after it.
func writeUnits(before, after int) float64 {
	return float64(max(1, (max(before, after)+1023)/1024))
}

// wanted checks a ReturnConsumedCapacity.
func wanted(capacity string) error {
	switch capacity {
	case "", "NONE", "TOTAL", "INDEXES":
		return nil
	}
	return invalid("ReturnConsumedCapacity %q: it must be NONE, TOTAL or INDEXES", capacity)
}

// report adds what was consumed to an answer, if it was asked for. Operations on several tables
// have a list of it.
func (u units) report(out map[string]any, capacity string, list, split bool) {
	if capacity == "" || capacity == "NONE" {
		return
	}
	all := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(u)) {
		t := u[name]
		one := map[string]any{"TableName": name, "CapacityUnits": t.read + t.write}
		share := map[string]any{"CapacityUnits": t.read + t.write}
		if split {
			for _, m := range []map[string]any{one, share} {
				if t.read > 0 {
					m["ReadCapacityUnits"] = t.read
				}
				if t.write > 0 {
					m["WriteCapacityUnits"] = t.write
				}
			}
		}
		if capacity == "INDEXES" {
			one["Table"] = share
		}
		all = append(all, one)
	}
	if list {
		out["ConsumedCapacity"] = all
	} else if len(all) == 1 {
		out["ConsumedCapacity"] = all[0]
	}
}
