// Package dynamostore keeps the rows of pipelines in a DynamoDB table. Commits are
// transactions, so pipelines on it need no Deduper; for stores that do, the package has one.
//
// One table serves any number of pipelines and dedupers. Its hash key is k, binary, its range
// key is a, a number, and its TTL attribute is x: CreateTable makes one for development, and
// says what to tell others. The layout of items beyond that is not API.
//
// The client is the SDK's, with its retries on. It needs dynamodb:BatchGetItem, PutItem, UpdateItem
// and Query; Scan for List, and UpdateItem and DeleteItem for a Deduper.
//
// # Cost
//
// A Load is one BatchGetItem for each 100 rows, or for each 16 MB of them. A Commit is one
// TransactWriteItems, but for one that replaces a single row, which is one PutItem. In capacity units, for
// rows of s KB, with 30 bytes and their names in it:
//
//	Load      s/4 a row, rounded up, and 1 for a row that is not there
//	Commit    2s a row, s rounded up; s for a single row that is replaced
//	Range     s/4 for all rows together, rounded up
//	List      s/4 for all items of the table: it is for tools
//	Deduper   1 for a claim and 1 to confirm it: 2 write units a record
//
// Load and Range cost half of it where reads need not be consistent. So a batch of 1,000 records
// over 50 keys has 2 calls, 50 read units for the keys (none for sums and counts of int64) and
// 100 write units. Its receipts have 12 bytes a record. They are on pages of up to 1,024 records of
// one shard and 5 seconds, or of an eighth of a queue's second, which are written as a whole: 24 units
// for the first batch of a slot, and up to about 100 for the last of a shard that delivers 1,000
// records a second, with up to 20 units to read; a single record writes at most 26. When the first page of a slot is full
// there is one call more. The first batch of a process has one call more, the first of all three.
//
// # What is promised
//
// Each Commit has a token of its own, by which DynamoDB recognises it for 10 minutes when the
// SDK sends it once more, after a lost answer, say: it is applied once. An error that matches one
// of package state's means that no attempt was applied; where an earlier one may yet be, the
// error is a plain one. No attempt is made when the token may have been forgotten. A PutItem has no
// token: the version that it finds tells whether an earlier attempt was applied.
//
// Between attempts the SDK waits up to 20 seconds, but never beyond the context's deadline; to fail
// sooner, give the client another Retryer.
//
// Let one region alone write to a global table: what is replicated is no transaction.
//
// # Expiry
//
// DynamoDB deletes rows some time after they expire, usually within days, at no cost. Time to live
// must be enabled for the attribute x, otherwise nothing is ever deleted:
//
//	aws dynamodb update-time-to-live --table-name NAME \
//		--time-to-live-specification Enabled=true,AttributeName=x
package dynamostore

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/weir-go/weir/state"
)

// Client is what a Store asks of a *dynamodb.Client. One that wraps another passes the options
// on: with them a Store counts attempts, and without them it cannot be sure of much.
type Client interface {
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
}

// Store is a state.Store in a table. It is also a state.Versioner, Lister and Ranger.
type Store struct {
	client Client
	table  string
}

var (
	_ state.Store     = (*Store)(nil)
	_ state.Versioner = (*Store)(nil)
	_ state.Lister    = (*Store)(nil)
	_ state.Ranger    = (*Store)(nil)
)

// New returns the store in a table, which is given by its name or its ARN.
func New(client Client, table string) *Store { return &Store{client, table} }

// DynamoDB's limits on a transaction, on an item, and on a BatchGetItem.
const (
	maxWrites      = 100
	maxTransaction = 4 << 20
	maxItem        = 400 << 10
	maxKeys        = 100

	// What an item has beside its data: two names of at most 200 and state.MaxName bytes, and numbers.
	overhead = 1200
)

// Caps says that all writes of a Commit are applied, or none, and that rows can be added to.
func (s *Store) Caps() state.Caps {
	return state.Caps{
		Atomic: state.PerBatch, Adds: true,
		MaxRows: maxWrites, MaxBytes: maxTransaction - maxWrites*overhead, MaxRow: maxItem - overhead,
	}
}

// Load reads rows, 100 at a time.
func (s *Store) Load(ctx context.Context, pipeline string, keys []state.Key, consistent bool) ([]state.Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("dynamostore: load: %w", err)
	}
	rows := make([]state.Row, len(keys))
	for from := 0; from < len(keys); from += maxKeys {
		to := min(from+maxKeys, len(keys))
		if err := s.load(ctx, pipeline, keys[from:to], consistent, rows[from:to]); err != nil {
			return nil, fmt.Errorf("dynamostore: load %d rows: %w", len(keys), s.explain(err))
		}
	}
	return rows, nil
}

func (s *Store) load(ctx context.Context, pipeline string, keys []state.Key, consistent bool, rows []state.Row) error {
	index := make(map[state.Key]int, len(keys))
	ask := types.KeysAndAttributes{ConsistentRead: &consistent, Keys: make([]map[string]types.AttributeValue, len(keys))}
	for i, k := range keys {
		rows[i].Key = k
		index[k] = i
		ask.Keys[i] = keyOf(pipeline, k)
	}
	for barren := 0; len(ask.Keys) > 0; {
		out, err := s.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{s.table: ask}})
		if err != nil {
			return err
		}
		for _, items := range out.Responses { // of our one table, whatever it is called there
			for _, it := range items {
				row, err := rowOf(pipeline, it, true)
				if err != nil {
					return err
				}
				i, ok := index[row.Key]
				if !ok {
					return fmt.Errorf("the table answered with a row %s that was not asked for", text(row.Key))
				}
				rows[i] = row
			}
		}
		left := 0
		for _, u := range out.UnprocessedKeys {
			if left = len(u.Keys); left == len(ask.Keys) {
				barren++
			} else {
				barren = 0
			}
			ask.Keys = u.Keys
		}
		switch {
		case left == 0:
			return nil
		case barren == mostBarren:
			return fmt.Errorf("the table returned none of %d rows, %d times in a row: it lacks read capacity", left, barren)
		}
		if err := pause(ctx, barren); err != nil {
			return err
		}
	}
	return nil
}

// mostBarren is how often a BatchGetItem may return nothing.
const mostBarren = 8

// pause waits before what a table did not process is asked for again: up to 50 ms where it made
// progress, and twice as much for each time in a row that it made none.
func pause(ctx context.Context, barren int) error {
	t := time.NewTimer(rand.N(50 * time.Millisecond << barren))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Range yields rows that are in one partition, by Query.
func (s *Store) Range(ctx context.Context, pipeline string, kind state.Kind, name string, from, to int64, consistent bool) iter.Seq2[state.Row, error] {
	return func(yield func(state.Row, error) bool) {
		if from > to { // which DynamoDB calls a mistake
			return
		}
		in := &dynamodb.QueryInput{
			TableName: &s.table, ConsistentRead: &consistent,
			KeyConditionExpression: new("k = :k AND a BETWEEN :from AND :to"),
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":k": blob(appendName(nil, pipeline, state.Key{Kind: kind, Name: name})), ":from": integer(from), ":to": integer(to),
			},
		}
		for {
			out, err := s.client.Query(ctx, in)
			if err != nil {
				yield(state.Row{}, fmt.Errorf("dynamostore: range of %q: %w", name, s.explain(err)))
				return
			}
			if !yieldRows(pipeline, out.Items, true, yield) || len(out.LastEvaluatedKey) == 0 {
				return
			}
			in.ExclusiveStartKey = out.LastEvaluatedKey
		}
	}
}

// List yields the rows of a kind, by a consistent Scan of the whole table.
func (s *Store) List(ctx context.Context, pipeline string, kind state.Kind) iter.Seq2[state.Row, error] {
	return func(yield func(state.Row, error) bool) {
		in := &dynamodb.ScanInput{
			TableName: &s.table, ConsistentRead: new(true),
			FilterExpression:          new("begins_with(k, :kind)"),
			ProjectionExpression:      new("k, a, v, x"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":kind": blob(appendKind(nil, pipeline, kind))},
		}
		for {
			out, err := s.client.Scan(ctx, in)
			if err != nil {
				yield(state.Row{}, fmt.Errorf("dynamostore: list: %w", s.explain(err)))
				return
			}
			if !yieldRows(pipeline, out.Items, false, yield) || len(out.LastEvaluatedKey) == 0 {
				return
			}
			in.ExclusiveStartKey = out.LastEvaluatedKey
		}
	}
}

func yieldRows(pipeline string, items []map[string]types.AttributeValue, data bool, yield func(state.Row, error) bool) bool {
	for _, it := range items {
		row, err := rowOf(pipeline, it, data)
		if err != nil {
			yield(state.Row{}, fmt.Errorf("dynamostore: %w", err))
			return false
		}
		if !yield(row, nil) {
			return false
		}
	}
	return true
}

func text(k state.Key) string {
	return strconv.Itoa(int(k.Kind)) + "/" + strconv.Quote(k.Name) + "/" + strconv.FormatInt(k.At, 10)
}
