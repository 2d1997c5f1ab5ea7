package dynamodb

import (
	"maps"
	"slices"
)

// Limits on batches. Source: BatchGetItem and BatchWriteItem, DynamoDB API Reference.
const (
	maxBatchGet   = 100
	maxBatchWrite = 25
	maxBatchBytes = 16 << 20
)

type batchKeys struct {
	Keys                     []item
	ConsistentRead           bool              `json:",omitempty"`
	ProjectionExpression     *string           `json:",omitempty"`
	ExpressionAttributeNames map[string]string `json:",omitempty"`
}

type batchGetItemInput struct {
	RequestItems           map[string]*batchKeys
	ReturnConsumedCapacity string
}

func (s *Server) batchGetItem(c *call, in *batchGetItemInput) (any, error) {
	if err := wanted(in.ReturnConsumedCapacity); err != nil {
		return nil, err
	}
	total := 0
	for name, keys := range in.RequestItems {
		if keys == nil || len(keys.Keys) == 0 {
			return nil, invalid("RequestItems: there are no keys of table %s", name)
		}
		total += len(keys.Keys)
	}
	if total == 0 {
		return nil, invalid("RequestItems must not be empty")
	}
	if total > maxBatchGet {
		return nil, invalid("Too many items requested for the BatchGetItem call: %d, at most %d", total, maxBatchGet)
	}
	keep := total - min(max(0, c.fault.Unprocessed), total)
	u, bytes := units{}, 0
	responses, left := map[string][]item{}, map[string]*batchKeys{}
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		request := in.RequestItems[name]
		responses[name] = []item{}
		seen := map[key]bool{}
		for _, k := range request.Keys {
			get := getInput{name, k, request.ProjectionExpression, request.ExpressionAttributeNames}
			it, size, at, err := s.get(c, &get, request.ConsistentRead)
			if err != nil {
				return nil, err
			}
			if seen[at] {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
			seen[at] = true
			if keep == 0 || bytes+size > maxBatchBytes {
				if left[name] == nil {
					again := *request
					again.Keys = nil
					left[name] = &again
				}
				left[name].Keys = append(left[name].Keys, k)
				continue
			}
			keep--
			bytes += size
			u.of(name).read += readUnits(size, request.ConsistentRead)
			if it != nil {
				responses[name] = append(responses[name], it)
			}
		}
	}
	out := map[string]any{"Responses": responses, "UnprocessedKeys": left}
	u.report(out, in.ReturnConsumedCapacity, true, false)
	return out, nil
}

type batchWrite struct {
	PutRequest *struct {
		Item item
	} `json:",omitempty"`
	DeleteRequest *struct {
		Key item
	} `json:",omitempty"`
}

type batchWriteItemInput struct {
	RequestItems                map[string][]batchWrite
	ReturnConsumedCapacity      string
	ReturnItemCollectionMetrics string
}

func (s *Server) batchWriteItem(c *call, in *batchWriteItemInput) (any, error) {
	if err := (returnInput{"", in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics}).check(); err != nil {
		return nil, err
	}
	total := 0
	for name, requests := range in.RequestItems {
		if len(requests) == 0 {
			return nil, invalid("RequestItems: there are no requests for table %s", name)
		}
		total += len(requests)
	}
	if total == 0 {
		return nil, invalid("RequestItems must not be empty")
	}
	if total > maxBatchWrite {
		return nil, invalid("Too many items requested for the BatchWriteItem call: %d, at most %d", total, maxBatchWrite)
	}
	writes, err := s.batchWrites(c, in)
	if err != nil {
		return nil, err
	}
	keep := total - min(max(0, c.fault.Unprocessed), total)
	u, left := units{}, map[string][]batchWrite{}
	for _, b := range writes {
		t := b.table
		if keep == 0 {
			left[t.name] = append(left[t.name], b.request)
			continue
		}
		keep--
		e, err := b.evaluate()
		if err != nil {
			return nil, err
		}
		if b.first {
			t.begin(s.lag)
		}
		b.commit(s, c, e)
		u.of(t.name).write += writeUnits(e.oldSize, e.newSize)
	}
	out := map[string]any{"UnprocessedItems": left}
	u.report(out, in.ReturnConsumedCapacity, true, false)
	return out, nil
}

// batched is a write and where it came from.
type batched struct {
	*write
	request batchWrite
	first   bool // of its table
}

// batchWrites checks all requests of a batch before one is applied.
func (s *Server) batchWrites(c *call, in *batchWriteItemInput) ([]batched, error) {
	var out []batched
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		seen := map[key]bool{}
		for i, r := range in.RequestItems[name] {
			var w *write
			var err error
			common := &writeInput{TableName: name}
			switch {
			case (r.PutRequest == nil) == (r.DeleteRequest == nil):
				err = invalid("A write request must have exactly one of PutRequest and DeleteRequest")
			case r.PutRequest != nil:
				w, err = s.putting(c, common, r.PutRequest.Item)
			default:
				w, err = s.deleting(c, common, r.DeleteRequest.Key, true)
			}
			if err != nil {
				return nil, err
			}
			if seen[w.key] {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
			seen[w.key] = true
			out = append(out, batched{w, r, i == 0})
		}
	}
	return out, nil
}
