package dynamodb

import "math/bits"

type scanInput struct {
	readInput
	Segment, TotalSegments *int
}

func (s *Server) scan(c *call, in *scanInput) (any, error) {
	r, _, err := s.reading(c, &in.readInput, nil)
	if err != nil {
		return nil, err
	}
	segment, total := 0, 1
	switch {
	case in.Segment == nil && in.TotalSegments == nil:
	case in.Segment == nil || in.TotalSegments == nil:
		return nil, invalid("Segment and TotalSegments go together: one of them is missing")
	default:
		segment, total = *in.Segment, *in.TotalSegments
	}
	if total < 1 || total > 1000000 || segment < 0 || segment >= total {
		return nil, invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d", segment, total)
	}
	var after *partition // where the page before ended
	var start row
	if in.ExclusiveStartKey != nil {
		k, err := r.exactly(in.ExclusiveStartKey)
		if err != nil {
			return nil, invalid("The provided starting key is invalid: %s", message(err))
		}
		after, start = newPartition(k.hash), r.at(k, in.ExclusiveStartKey)
		if after.segment(total) != segment {
			return nil, invalid("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: %d Segment: %d", total, segment)
		}
	}
	return r.page(func(yield func(row) bool) {
		for _, p := range r.view.scan() {
			if p.segment(total) != segment || after != nil && p.compare(after) < 0 {
				continue
			}
			same := after != nil && p.hash == after.hash
			for _, at := range p.rows {
				if same && at.compare(start) <= 0 {
					continue
				}
				if !yield(at) {
					return
				}
			}
		}
	}, &in.readInput)
}

// segment is the one of total in which a parallel scan finds the partition.
func (p *partition) segment(total int) int {
	n, _ := bits.Mul64(p.slot, uint64(total))
	return int(n)
}
