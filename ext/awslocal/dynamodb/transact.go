package dynamodb

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"
)

// Limits on transactions. Source: TransactWriteItems, DynamoDB API Reference.
const (
	maxTransaction      = 100
	maxTransactionBytes = 4 << 20
	tokenLife           = 10 * time.Minute
)

type transactWrite struct {
	Put *struct {
		writeInput
		Item item
	}
	Update *struct {
		writeInput
		Key              item
		UpdateExpression *string
	}
	Delete, ConditionCheck *struct {
		writeInput
		Key item
	}
}

type transactWriteItemsInput struct {
	TransactItems               []transactWrite
	ClientRequestToken          string
	ReturnConsumedCapacity      string
	ReturnItemCollectionMetrics string
}

func (in transactWriteItemsInput) entries() int { return len(in.TransactItems) }

// clientToken is a client's token, which for ten minutes stands for the transaction that was done.
type clientToken struct {
	text  string
	body  [sha256.Size]byte
	until time.Time
	again units // the price of asking again
}

func (s *Server) transactWriteItems(c *call, in *transactWriteItemsInput) (any, error) {
	if err := (returnInput{"", in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics}).check(); err != nil {
		return nil, err
	}
	if n := len(in.TransactItems); n < 1 || n > maxTransaction {
		return nil, invalid("TransactItems must have 1 to %d entries, it has %d", maxTransaction, n)
	}
	if len(in.ClientRequestToken) > 36 {
		return nil, invalid("ClientRequestToken must have 1 to 36 bytes, it has %d", len(in.ClientRequestToken))
	}
	sum, err := in.sum(c.body)
	if err != nil {
		return nil, err
	}
	s.forget(c.now)
	if t := s.tokens[in.ClientRequestToken]; t != nil {
		if t.body != sum {
			return nil, refuse("IdempotentParameterMismatchException", "The request uses the same client token as a previous, but non-identical request.")
		}
		out := map[string]any{}
		t.again.report(out, in.ReturnConsumedCapacity, true, true)
		return out, nil
	}
	writes, err := s.transaction(c, in)
	if err != nil {
		return nil, err
	}
	if s.conflicts() {
		return nil, Fault{Do: Conflict, Entry: s.rand.IntN(len(writes))}.before(len(writes))
	}
	effects, err := evaluateAll(writes)
	if err != nil {
		return nil, err
	}
	u, again := s.commitAll(c, writes, effects)
	if in.ClientRequestToken != "" {
		t := &clientToken{in.ClientRequestToken, sum, c.now.Add(tokenLife), again}
		s.tokens[t.text] = t
		s.aging = append(s.aging, t)
	}
	out := map[string]any{}
	u.report(out, in.ReturnConsumedCapacity, true, true)
	return out, nil
}

// sum is the same for all ways to write one request in JSON.
func (in *transactWriteItemsInput) sum(body []byte) (sum [sha256.Size]byte, err error) {
	var members map[string]any
	if err = json.Unmarshal(body, &members); err != nil {
		return sum, refuse("SerializationException", "%v", err)
	}
	ordered, err := json.Marshal(members)
	return sha256.Sum256(ordered), err
}

// forget drops the tokens that are too old, which are the first ones.
func (s *Server) forget(now time.Time) {
	for len(s.aging) > 0 && !now.Before(s.aging[0].until) {
		delete(s.tokens, s.aging[0].text)
		s.aging = s.aging[1:]
	}
}

// transaction checks the entries of a transaction as far as it can be without looking at items.
func (s *Server) transaction(c *call, in *transactWriteItemsInput) ([]*write, error) {
	writes := make([]*write, 0, len(in.TransactItems))
	type place struct {
		table *table
		key   key
	}
	seen := map[place]bool{}
	for _, t := range in.TransactItems {
		w, err := s.entry(c, t)
		if err != nil {
			return nil, err
		}
		if at := (place{w.table, w.key}); !seen[at] {
			seen[at] = true
		} else {
			return nil, invalid("Transaction request cannot include multiple operations on one item")
		}
		writes = append(writes, w)
	}
	return writes, nil
}

func (s *Server) entry(c *call, t transactWrite) (*write, error) {
	n := 0
	for _, there := range []bool{t.Put != nil, t.Update != nil, t.Delete != nil, t.ConditionCheck != nil} {
		if there {
			n++
		}
	}
	switch {
	case n != 1:
		return nil, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
	case t.Put != nil:
		return s.putting(c, &t.Put.writeInput, t.Put.Item)
	case t.Update != nil:
		if t.Update.UpdateExpression == nil {
			return nil, invalid("UpdateExpression of an Update must not be null")
		}
		return s.updating(c, &t.Update.writeInput, t.Update.Key, t.Update.UpdateExpression)
	case t.Delete != nil:
		return s.deleting(c, &t.Delete.writeInput, t.Delete.Key, true)
	}
	if t.ConditionCheck.ConditionExpression == nil {
		return nil, invalid("ConditionExpression of a ConditionCheck must not be null")
	}
	return s.deleting(c, &t.ConditionCheck.writeInput, t.ConditionCheck.Key, false)
}

// evaluateAll finds out what all writes do, or why none may.
func evaluateAll(writes []*write) ([]effect, error) {
	effects := make([]effect, len(writes))
	reasons := none(len(writes))
	failed, bytes := false, 0
	for i, w := range writes {
		e, err := w.evaluate()
		var own *apiError
		if errors.As(err, &own) {
			reasons[i] = cancellation(own)
			failed = true
		} else if err != nil {
			return nil, err
		}
		effects[i] = e
		if e.new == nil {
			bytes += e.oldSize
		} else {
			bytes += e.newSize
		}
	}
	switch {
	case failed:
		return nil, cancelled(reasons)
	case bytes > maxTransactionBytes:
		return nil, invalid("Transaction request size limit exceeded: the items have %d bytes, at most %d", bytes, maxTransactionBytes)
	}
	return effects, nil
}

// commitAll applies all writes; it returns their price, and that of asking again.
func (s *Server) commitAll(c *call, writes []*write, effects []effect) (u, again units) {
	u, again = units{}, units{}
	begun := map[*table]bool{}
	for i, w := range writes {
		if !begun[w.table] {
			begun[w.table] = true
			w.table.begin(s.lag)
		}
		e := effects[i]
		w.commit(s, c, e)
		u.of(w.table.name).write += 2 * writeUnits(e.oldSize, e.newSize)
		again.of(w.table.name).read += 2 * readUnits(e.newSize, true)
	}
	return u, again
}

type transactGetItemsInput struct {
	TransactItems []struct {
		Get *getInput
	}
	ReturnConsumedCapacity string
}

func (in transactGetItemsInput) entries() int { return len(in.TransactItems) }

func (s *Server) transactGetItems(c *call, in *transactGetItemsInput) (any, error) {
	if err := wanted(in.ReturnConsumedCapacity); err != nil {
		return nil, err
	}
	if n := len(in.TransactItems); n < 1 || n > maxTransaction {
		return nil, invalid("TransactItems must have 1 to %d entries, it has %d", maxTransaction, n)
	}
	type place struct {
		table string
		key   key
	}
	seen := map[place]bool{}
	responses := make([]map[string]item, len(in.TransactItems))
	u, bytes := units{}, 0
	for i, t := range in.TransactItems {
		if t.Get == nil {
			return nil, invalid("TransactItems: entry %d has no Get", i)
		}
		it, size, k, err := s.get(c, t.Get, true)
		if err != nil {
			return nil, err
		}
		at := place{t.Get.TableName, k}
		if seen[at] {
			return nil, invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[at] = true
		if bytes += size; bytes > maxTransactionBytes {
			return nil, invalid("Transaction request size limit exceeded: at most %d bytes", maxTransactionBytes)
		}
		responses[i] = map[string]item{}
		if it != nil {
			responses[i]["Item"] = it
		}
		u.of(t.Get.TableName).read += 2 * readUnits(size, true)
	}
	out := map[string]any{"Responses": responses}
	u.report(out, in.ReturnConsumedCapacity, true, true)
	return out, nil
}
