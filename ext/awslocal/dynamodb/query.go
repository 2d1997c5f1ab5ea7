package dynamodb

import (
	"slices"
	"strings"
)

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

type queryInput struct {
	readInput
	KeyConditionExpression *string
	ScanIndexForward       *bool
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
	matching := make([]row, 0, len(rows))
	for _, at := range rows {
		if start != nil && (backward && at.compare(*start) >= 0 || !backward && at.compare(*start) <= 0) {
			continue
		}
		if onSort.holds(at.item) {
			matching = append(matching, at)
		}
	}
	if backward {
		slices.Reverse(matching)
	}
	return r.page(matching, &in.readInput)
}

// message is the text of an error of ours.
func message(err error) string {
	_, text, _ := strings.Cut(err.Error(), ": ")
	return text
}

// page reads rows until one of the limits, and makes the answer.
func (r *reading) page(rows []row, in *readInput) (any, error) {
	items := []item{}
	scanned, count, bytes := 0, 0, 0
	out := map[string]any{}
	for i, at := range rows {
		if i == r.limit || bytes+at.size > maxPage {
			out["LastEvaluatedKey"] = r.only(rows[i-1].item)
			break
		}
		scanned++
		bytes += at.size
		if !r.filter.holds(at.item) {
			continue
		}
		count++
		if !r.count {
			items = append(items, at.item.project(r.paths))
		}
	}
	if scanned == r.limit { // whether or not there is more
		out["LastEvaluatedKey"] = r.only(rows[scanned-1].item)
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

// split takes a key condition apart: the value that the hash key must have, and the condition on the sort
// key, which may be nil.
func (s schema) split(c *condition) (hash value, onSort *condition, err error) {
	parts := []*condition{c}
	if c.op == "AND" {
		parts = c.kids
	}
	found := false
	for _, part := range parts {
		a, rest, err := s.keyPart(part)
		if err != nil {
			return hash, nil, err
		}
		switch {
		case a.name == s.hash.name && part.op == "=" && !found:
			found = true
			hash = *rest[0].literal
		case a.name == s.sort.name && a.name != "" && onSort == nil:
			onSort = part
		default:
			return hash, nil, invalid("Query key condition not supported")
		}
	}
	if !found {
		return hash, nil, invalid("Query condition missed key schema element: %s", s.hash.name)
	}
	return hash, onSort, nil
}

// keyPart checks one condition on a key's attribute.
func (s schema) keyPart(c *condition) (a keyAttribute, rest []operand, err error) {
	switch c.op {
	case "=", "<", "<=", ">", ">=", "BETWEEN", "begins_with":
	default:
		return a, nil, invalid("Invalid operator used in KeyConditionExpression: %s", c.op)
	}
	first, rest := c.args[0], c.args[1:]
	if first.path == nil && len(rest) == 1 && c.op != "begins_with" { // :v = pk
		first, rest = rest[0], c.args[:1]
		c.op = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[c.op]
		c.args = []operand{first, rest[0]}
	}
	if first.path == nil || len(first.path) > 1 || first.sized {
		return a, nil, invalid("Invalid KeyConditionExpression: KeyConditionExpressions must only use attributes of the key")
	}
	for _, k := range s.attributes() {
		if k.name == first.path[0].name {
			a = k
		}
	}
	if a.name == "" {
		return a, nil, invalid("Query condition missed key schema element: %s", s.hash.name)
	}
	for _, o := range rest {
		if o.literal == nil || o.sized {
			return a, nil, invalid("Invalid KeyConditionExpression: KeyConditionExpressions must compare with a value")
		}
		if o.literal.kind != a.kind {
			return a, nil, invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
		}
		if err := a.fits(*o.literal); err != nil {
			return a, nil, err
		}
	}
	return a, rest, nil
}

// outside refuses a filter on the key.
func (s schema) outside(c *condition) error {
	if c == nil {
		return nil
	}
	for _, kid := range c.kids {
		if err := s.outside(kid); err != nil {
			return err
		}
	}
	for _, o := range c.args {
		for _, a := range s.attributes() {
			if o.path != nil && o.path[0].name == a.name {
				return invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", a.name)
			}
		}
	}
	return nil
}
