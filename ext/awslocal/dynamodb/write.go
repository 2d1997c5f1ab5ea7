package dynamodb

// expressionInput is what all inputs with expressions have.
type expressionInput struct {
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues map[string]value
}

// writeInput is what all writes of one item have, alone and in a transaction.
type writeInput struct {
	TableName                           string
	ConditionExpression                 *string
	ReturnValuesOnConditionCheckFailure string
	expressionInput
}

// write is a write of one item that was checked as far as it can be without looking at the
// item's state. It puts, updates, deletes, or only checks.
type write struct {
	table     *table
	key       key
	keyed     item // an item with the key's attributes
	put       item
	updates   bool
	update    *update
	deletes   bool
	condition *condition
	wantsOld  bool // on a failed condition
}

// effect is what a write would do.
type effect struct {
	old, new         item
	oldSize, newSize int
}

// prepare checks what all writes have in common, and parses their expressions.
func (s *Server) prepare(c *call, in *writeInput, w *write, updateExpression *string) (err error) {
	switch in.ReturnValuesOnConditionCheckFailure {
	case "", "NONE":
	case "ALL_OLD":
		w.wantsOld = true
	default:
		return invalid("ReturnValuesOnConditionCheckFailure %q: it must be NONE or ALL_OLD", in.ReturnValuesOnConditionCheckFailure)
	}
	ph, err := newPlaceholders(in.ExpressionAttributeNames, in.ExpressionAttributeValues, in.ConditionExpression != nil || updateExpression != nil)
	if err != nil {
		return err
	}
	if w.update, err = parseUpdate(updateExpression, ph); err != nil {
		return err
	}
	if w.condition, err = parseCondition("ConditionExpression", in.ConditionExpression, ph); err != nil {
		return err
	}
	if err = ph.unused(); err != nil {
		return err
	}
	w.table, err = s.table(c, in.TableName)
	return err
}

// putting prepares the write of a whole item.
func (s *Server) putting(c *call, in *writeInput, it item) (*write, error) {
	w := &write{keyed: it, put: it}
	if err := s.prepare(c, in, w, nil); err != nil {
		return nil, err
	}
	var err error
	if w.key, err = w.table.of(it); err != nil {
		return nil, err
	}
	return w, fits(it, "Item size has exceeded the maximum allowed size")
}

// updating prepares an update.
func (s *Server) updating(c *call, in *writeInput, it item, expression *string) (*write, error) {
	w := &write{keyed: it, updates: true}
	if err := s.prepare(c, in, w, expression); err != nil {
		return nil, err
	}
	var err error
	if w.key, err = w.table.exactly(it); err != nil {
		return nil, err
	}
	for _, p := range w.update.paths() {
		for _, a := range w.table.attributes() {
			if p[0].name == a.name {
				return nil, invalid("One or more parameter values were invalid: Cannot update attribute %s. This attribute is part of the key", a.name)
			}
		}
	}
	return w, nil
}

// deleting prepares a delete or, in a transaction, a mere check.
func (s *Server) deleting(c *call, in *writeInput, it item, deletes bool) (*write, error) {
	w := &write{keyed: it, deletes: deletes}
	if err := s.prepare(c, in, w, nil); err != nil {
		return nil, err
	}
	var err error
	w.key, err = w.table.exactly(it)
	return w, err
}

// fits refuses items that are too large or too deep.
func fits(it item, message string) error {
	if it.size() > maxItem {
		return invalid("%s", message)
	}
	for name, v := range it {
		if name == "" {
			return invalid("One or more parameter values were invalid: The name of an attribute must not be empty")
		}
		if v.depth() >= maxNesting { // the attribute itself is a level
			return tooDeep()
		}
	}
	return nil
}

func tooDeep() error {
	return invalid("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
}

// depth is 0 for a scalar.
func (v value) depth() int {
	d := 0
	for _, e := range v.list {
		d = max(d, e.depth())
	}
	for _, e := range v.fields {
		d = max(d, e.depth())
	}
	if v.kind == kindL || v.kind == kindM {
		d++
	}
	return d
}

// evaluate looks at the item's state and finds out what the write does, if it may.
func (w *write) evaluate() (effect, error) {
	var e effect
	e.old, e.oldSize = w.table.get(w.key, w.keyed)
	if !w.condition.holds(e.old) {
		if w.wantsOld {
			return e, conditionFailed(e.old)
		}
		return e, conditionFailed(nil)
	}
	switch {
	case w.put != nil:
		e.new = w.put
	case w.updates:
		base := e.old
		if base == nil {
			base = w.keyed
		}
		var err error
		if e.new, err = w.update.apply(base); err != nil {
			return e, err
		}
		if err = fits(e.new, "Item size to update has exceeded the maximum allowed size"); err != nil {
			return e, err
		}
	case !w.deletes:
		e.new = e.old
	}
	e.newSize = e.new.size()
	return e, nil
}

// commit does what evaluate found.
func (w *write) commit(s *Server, c *call, e effect) {
	if w.put != nil || w.updates || w.deletes {
		w.table.set(s, c.now, w.keyed, e.old, e.new, nil)
	}
}
