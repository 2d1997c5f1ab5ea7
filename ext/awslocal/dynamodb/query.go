package dynamodb

import "slices"

type queryInput struct {
	readInput
	KeyConditionExpression *string
	ScanIndexForward       *bool
}

func (s *Server) query(c *call, in *queryInput) (any, error) {
	if in.KeyConditionExpression == nil {
		return nil, invalid("KeyConditionExpression must be specified")
	}
	r, onKey, err := s.reading(c, &in.readInput, in.KeyConditionExpression)
	if err != nil {
		return nil, err
	}
	hash, onSort, err := r.schema.split(onKey)
	if err != nil {
		return nil, err
	}
	if err := r.schema.outside(r.filter); err != nil {
		return nil, err
	}
	rows := r.rows(hash.text)
	from, to := onSort.bounds(rows, r.sort.name)
	backward := in.ScanIndexForward != nil && !*in.ScanIndexForward
	if in.ExclusiveStartKey != nil {
		k, err := r.exactly(in.ExclusiveStartKey)
		if err != nil {
			return nil, invalid("The provided starting key is invalid: %s", message(err))
		}
		if k.hash != hash.text || !onSort.holds(in.ExclusiveStartKey) {
			return nil, invalid("The provided starting key is outside query boundaries based on provided conditions")
		}
		at, found := slices.BinarySearchFunc(rows, r.at(k, in.ExclusiveStartKey), row.compare)
		switch {
		case backward:
			to = at
		case found:
			from = at + 1
		default:
			from = at
		}
	}
	return r.page(func(yield func(row) bool) {
		for i := range to - from {
			at := from + i
			if backward {
				at = to - 1 - i
			}
			if !yield(rows[at]) {
				return
			}
		}
	}, &in.readInput)
}
