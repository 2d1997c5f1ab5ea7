package dynamostore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/weir-go/weir/state"
)

// ClaimClient is what a Deduper asks of a *dynamodb.Client.
type ClaimClient interface {
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
}

// Deduper is a state.Deduper in a table like a Store's, or in that of one. It writes an item
// for each identifier, 10 at a time, since that is how many connections the SDK keeps. Each write
// names its token in its condition, so one that the SDK sends twice, or that arrives late, does
// what it does once. There is no read before: the write that fails says why.
//
// Leases are by the clocks of those who claim. Those of AWS agree within milliseconds; elsewhere,
// let a lease be longer than clocks differ.
//
// When the table throttles it, or fails, so does the call: nothing is taken for new that was not
// asked for.
type Deduper struct {
	client ClaimClient
	table  string
}

var _ state.Deduper = (*Deduper)(nil)

// NewDeduper returns the deduper in a table, which is given by its name or its ARN.
func NewDeduper(client ClaimClient, table string) *Deduper { return &Deduper{client, table} }

// A claim has these attributes beside k, which is of tagClaim, the scope and the identifier,
// and a, which is 0:
//
//	t B  token
//	u N  when it ends, in milliseconds since 1970
//	c N  1 if it was confirmed, none if it is pending
//	x N  when it can be deleted
const (
	canClaim  = "attribute_not_exists(k) OR u <= :now OR (t = :t AND attribute_not_exists(c))"
	claim     = "SET t = :t, u = :u, x = :x REMOVE c"
	isTokens  = "t = :t"
	confirm   = "SET c = :c, u = :u, x = :x"
	isPending = "t = :t AND attribute_not_exists(c)"

	// linger keeps a claim for its owner when its lease has ended, while nobody else asks for it.
	linger = time.Hour
)

// Claim asks for identifiers.
func (d *Deduper) Claim(ctx context.Context, scope, token string, ids []string, lease time.Duration) ([]state.Claim, error) {
	claims := make([]state.Claim, len(ids))
	err := each(ctx, len(ids), func(ctx context.Context, i int) error {
		now := time.Now()
		until := now.Add(lease)
		_, err := d.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &d.table, Key: claimKey(scope, ids[i]),
			ConditionExpression: new(canClaim), UpdateExpression: new(claim),
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":now": integer(now.UnixMilli()), ":t": blob([]byte(token)), ":u": integer(until.UnixMilli()), ":x": integer(until.Add(linger).Unix()),
			},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		if failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
			claims[i] = state.Busy
			if _, done := failed.Item["c"]; done {
				claims[i] = state.Done
			}
			return nil
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("dynamostore: claim %d identifiers: %w", len(ids), explain(err, d.table))
	}
	return claims, nil
}

// Confirm makes claims done. It needs no lease that still runs, only that nobody else has
// claimed since.
func (d *Deduper) Confirm(ctx context.Context, scope, token string, ids []string, keep time.Duration) error {
	var lost atomic.Bool
	err := each(ctx, len(ids), func(ctx context.Context, i int) error {
		until := time.Now().Add(keep)
		_, err := d.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &d.table, Key: claimKey(scope, ids[i]),
			ConditionExpression: new(isTokens), UpdateExpression: new(confirm),
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":t": blob([]byte(token)), ":c": integer(1), ":u": integer(until.UnixMilli()), ":x": integer(until.Unix() + 1),
			},
		})
		if _, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
			lost.Store(true)
			return nil
		}
		return err
	})
	if err == nil && lost.Load() { // after another error, a retry will find it again
		err = state.ErrLeaseLost
	}
	if err != nil {
		return fmt.Errorf("dynamostore: confirm %d claims: %w", len(ids), explain(err, d.table))
	}
	return nil
}

// Release gives pending claims up.
func (d *Deduper) Release(ctx context.Context, scope, token string, ids []string) error {
	err := each(ctx, len(ids), func(ctx context.Context, i int) error {
		_, err := d.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &d.table, Key: claimKey(scope, ids[i]),
			ConditionExpression:       new(isPending),
			ExpressionAttributeValues: map[string]types.AttributeValue{":t": blob([]byte(token))},
		})
		if _, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
			return nil // it is not ours, or no more
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("dynamostore: release %d claims: %w", len(ids), explain(err, d.table))
	}
	return nil
}

// maxHashKey is DynamoDB's limit on a hash key, in bytes.
const maxHashKey = 2048

// claimKey has an identifier as it is, or a hash in its place if it is too long.
func claimKey(scope, id string) map[string]types.AttributeValue {
	k := appendScope(nil, tagClaim, scope)
	if len(k)+1+len(id) <= maxHashKey {
		k = append(append(k, '='), id...)
	} else {
		sum := sha256.Sum256([]byte(id))
		k = append(append(k, '#'), sum[:]...)
	}
	return map[string]types.AttributeValue{"k": blob(k), "a": integer(0)}
}

// atOnce is how many writes are under way.
const atOnce = 10

// each calls do for 0 to n-1, some at once, until one fails, and returns that one's error.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	if n == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	var failed atomic.Pointer[error]
	all, cancel := context.WithCancel(ctx)
	defer cancel()
	for range min(n, atOnce) {
		workers.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := do(all, i); err != nil {
					failed.CompareAndSwap(nil, &err)
					cancel() // the others end at once, whether applied or not
				}
			}
		})
	}
	workers.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}
