package dynamodb

import "slices"

type putItemInput struct {
	writeInput
	Item item
	returnInput
}

type updateItemInput struct {
	writeInput
	Key              item
	UpdateExpression *string
	returnInput
}

type deleteItemInput struct {
	writeInput
	Key item
	returnInput
}

// returnInput is what a write is to return.
type returnInput struct {
	ReturnValues                string
	ReturnConsumedCapacity      string
	ReturnItemCollectionMetrics string // of tables with local secondary indexes, of which there are none
}

func (in returnInput) check(values ...string) error {
	if in.ReturnValues != "" && in.ReturnValues != "NONE" && !slices.Contains(values, in.ReturnValues) {
		return invalid("Return values set to invalid value: %q", in.ReturnValues)
	}
	if m := in.ReturnItemCollectionMetrics; m != "" && m != "NONE" && m != "SIZE" {
		return invalid("ReturnItemCollectionMetrics %q: it must be NONE or SIZE", m)
	}
	return wanted(in.ReturnConsumedCapacity)
}

func (s *Server) putItem(c *call, in *putItemInput) (any, error) {
	if err := in.check("ALL_OLD"); err != nil {
		return nil, err
	}
	w, err := s.putting(c, &in.writeInput, in.Item)
	return s.one(c, w, in.returnInput, err)
}

func (s *Server) updateItem(c *call, in *updateItemInput) (any, error) {
	if err := in.check("ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"); err != nil {
		return nil, err
	}
	w, err := s.updating(c, &in.writeInput, in.Key, in.UpdateExpression)
	return s.one(c, w, in.returnInput, err)
}

func (s *Server) deleteItem(c *call, in *deleteItemInput) (any, error) {
	if err := in.check("ALL_OLD"); err != nil {
		return nil, err
	}
	w, err := s.deleting(c, &in.writeInput, in.Key, true)
	return s.one(c, w, in.returnInput, err)
}

// one applies a single write, unless there was an error already.
func (s *Server) one(c *call, w *write, in returnInput, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	if s.conflicts() {
		return nil, Fault{Do: Conflict}.before(-1)
	}
	e, err := w.evaluate()
	if err != nil {
		return nil, err
	}
	w.table.begin(s.lag)
	w.commit(s, c, e)
	out := map[string]any{}
	var attributes item
	switch in.ReturnValues {
	case "ALL_OLD":
		attributes = e.old
	case "ALL_NEW":
		attributes = e.new
	case "UPDATED_OLD":
		attributes = w.updated(e.old)
	case "UPDATED_NEW":
		attributes = w.updated(e.new)
	}
	if len(attributes) > 0 {
		out["Attributes"] = attributes
	}
	u := units{}
	u.of(w.table.name).write = writeUnits(e.oldSize, e.newSize)
	u.report(out, in.ReturnConsumedCapacity, false, false)
	return out, nil
}

// updated returns what the update changed of an item.
func (w *write) updated(it item) item {
	if w.update == nil {
		return nil
	}
	return it.project(w.update.paths())
}

// getInput is what a read of one item has, alone and in a transaction.
type getInput struct {
	TableName                string
	Key                      item
	ProjectionExpression     *string
	ExpressionAttributeNames map[string]string
}

type getItemInput struct {
	getInput
	ConsistentRead         bool
	ReturnConsumedCapacity string
}

// get reads one item, of which it returns what the projection keeps, and the size of all.
func (s *Server) get(c *call, in *getInput, consistent bool) (it item, size int, k key, err error) {
	ph, err := newPlaceholders(in.ExpressionAttributeNames, nil, in.ProjectionExpression != nil)
	if err != nil {
		return nil, 0, k, err
	}
	paths, err := projection(in.ProjectionExpression, ph)
	if err == nil {
		err = ph.unused()
	}
	if err != nil {
		return nil, 0, k, err
	}
	t, err := s.table(c, in.TableName)
	if err != nil {
		return nil, 0, k, err
	}
	if k, err = t.exactly(in.Key); err != nil {
		return nil, 0, k, err
	}
	it, size = t.view(consistent).get(k, in.Key)
	if it != nil {
		it = it.project(paths)
	}
	return it, size, k, nil
}

func (s *Server) getItem(c *call, in *getItemInput) (any, error) {
	if err := wanted(in.ReturnConsumedCapacity); err != nil {
		return nil, err
	}
	it, size, _, err := s.get(c, &in.getInput, in.ConsistentRead)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	if it != nil {
		out["Item"] = it
	}
	u := units{}
	u.of(in.TableName).read = readUnits(size, in.ConsistentRead)
	u.report(out, in.ReturnConsumedCapacity, false, false)
	return out, nil
}
