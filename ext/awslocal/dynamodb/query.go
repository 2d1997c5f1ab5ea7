package dynamodb

import (
	"slices"
)

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
	backward := in.ScanIndexForward != nil && !*in.ScanIndexForward
	var start *row
	if in.ExclusiveStartKey != nil {
		k, err := r.exactly(in.ExclusiveStartKey)
		if err != nil {
			return nil, invalid("The provided starting key is invalid: %s", message(err))
		}
		if k.hash != hash.text || !onSort.holds(in.ExclusiveStartKey) {
			return nil, invalid("The provided starting key is outside query boundaries based on provided conditions")
		}
		at := r.row(k, in.ExclusiveStartKey)
		start = &at
	}
	if backward {
		rows = slices.Clone(rows)
		slices.Reverse(rows)
	}
	return r.page(func(yield func(row) bool) {
		for _, at := range rows {
			if start != nil && (backward && at.compare(*start) >= 0 || !backward && at.compare(*start) <= 0) {
				continue
			}
			if onSort.holds(at.item) && !yield(at) {
				return
			}
		}
	}, &in.readInput)
}
