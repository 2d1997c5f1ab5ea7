package dynamodb

import "iter"

// maxPage is how much a Query or Scan reads at once. Source: "Querying tables", DynamoDB
// Developer Guide.
const maxPage = 1 << 20

// readInput is what Query and Scan have in common.
type readInput struct {
	TableName              string
	IndexName              *string
	FilterExpression       *string
	ProjectionExpression   *string
	Select                 string
	Limit                  *int
	ExclusiveStartKey      item
	ConsistentRead         bool
	ReturnConsumedCapacity string
	expressionInput
}

// reading is a Query or Scan that was checked.
type reading struct {
	view
	filter *condition
	paths  []path
	count  bool
	limit  int
}

// reading checks what Query and Scan have in common; key is the KeyConditionExpression.
func (s *Server) reading(c *call, in *readInput, keyText *string) (r *reading, onKey *condition, err error) {
	if err := wanted(in.ReturnConsumedCapacity); err != nil {
		return nil, nil, err
	}
	if in.IndexName != nil {
		return nil, nil, invalid("The table does not have the specified index: %s: this server has no secondary indexes", *in.IndexName)
	}
	r = &reading{limit: -1}
	if in.Limit != nil {
		if r.limit = *in.Limit; r.limit < 1 {
			return nil, nil, invalid("Limit must be at least 1, it is %d", r.limit)
		}
	}
	switch in.Select {
	case "", "ALL_ATTRIBUTES":
	case "COUNT":
		r.count = true
	case "SPECIFIC_ATTRIBUTES":
		if in.ProjectionExpression == nil {
			return nil, nil, invalid("Must specify the ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
		}
	default:
		return nil, nil, invalid("Select %q: it must be ALL_ATTRIBUTES, COUNT or SPECIFIC_ATTRIBUTES", in.Select)
	}
	if in.ProjectionExpression != nil && in.Select != "" && in.Select != "SPECIFIC_ATTRIBUTES" {
		return nil, nil, invalid("Cannot specify the ProjectionExpression when choosing to get %s", in.Select)
	}
	ph, err := newPlaceholders(in.ExpressionAttributeNames, in.ExpressionAttributeValues, keyText != nil || in.FilterExpression != nil || in.ProjectionExpression != nil)
	if err != nil {
		return nil, nil, err
	}
	if onKey, err = parseCondition("KeyConditionExpression", keyText, ph); err != nil {
		return nil, nil, err
	}
	if r.filter, err = parseCondition("FilterExpression", in.FilterExpression, ph); err != nil {
		return nil, nil, err
	}
	if r.paths, err = projection(in.ProjectionExpression, ph); err != nil {
		return nil, nil, err
	}
	if err = ph.unused(); err != nil {
		return nil, nil, err
	}
	t, err := s.table(c, in.TableName)
	if err != nil {
		return nil, nil, err
	}
	r.view = t.view(in.ConsistentRead)
	return r, onKey, nil
}

// page reads rows until one of the limits, and makes the answer.
func (r *reading) page(rows iter.Seq[row], in *readInput) (any, error) {
	items := []item{}
	scanned, count, bytes := 0, 0, 0
	out := map[string]any{}
	var last row
	for at := range rows {
		if bytes+at.size > maxPage {
			out["LastEvaluatedKey"] = r.only(last.item)
			break
		}
		last = at
		scanned++
		bytes += at.size
		if r.filter.holds(at.item) {
			count++
			if !r.count {
				items = append(items, at.item.project(r.paths))
			}
		}
		if scanned == r.limit { // whether or not there is more
			out["LastEvaluatedKey"] = r.only(last.item)
			break
		}
	}
	out["Count"], out["ScannedCount"] = count, scanned
	if !r.count {
		out["Items"] = items
	}
	u := units{}
	u.of(r.name).read = readUnits(bytes, in.ConsistentRead)
	u.report(out, in.ReturnConsumedCapacity, false, false)
	return out, nil
}
