package dynamostore

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/weir-go/weir/state"
)

// Commit applies writes in one transaction, or a single one that replaces a row by a PutItem, which
// costs half.
func (s *Store) Commit(ctx context.Context, pipeline string, writes []state.Write) error {
	return s.commit(ctx, pipeline, writes, newVersion())
}

// CommitVersions is Commit, and tells the versions that the rows have then: all the same.
func (s *Store) CommitVersions(ctx context.Context, pipeline string, writes []state.Write) ([]uint64, error) {
	version := newVersion()
	if err := s.commit(ctx, pipeline, writes, version); err != nil {
		return nil, err
	}
	return slices.Repeat([]uint64{version}, len(writes)), nil
}

func (s *Store) commit(ctx context.Context, pipeline string, writes []state.Write, version uint64) error {
	err := ctx.Err()
	if err == nil && len(writes) > 0 {
		text := types.AttributeValueMemberN{Value: strconv.FormatUint(version, 10)}
		if len(writes) == 1 && !writes[0].Add {
			err = s.commitOne(ctx, pipeline, &writes[0], &text)
		} else {
			err = s.commitAll(ctx, pipeline, writes, text)
		}
	}
	if err != nil {
		return fmt.Errorf("dynamostore: commit: %w", err)
	}
	return nil
}

// commitOne replaces one row. A PutItem has no token by which DynamoDB would recognise an attempt whose
// answer was lost, but the row has: it is at the version that was to be written.
func (s *Store) commitOne(ctx context.Context, pipeline string, w *state.Write, version *types.AttributeValueMemberN) error {
	p := s.put(pipeline, w, version)
	a := attempts{began: time.Now().Round(0)}
	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: p.TableName, Item: p.Item, ConditionExpression: p.ConditionExpression, ExpressionAttributeValues: p.ExpressionAttributeValues,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}, a.watch)
	c, isCheck := errors.AsType[*types.ConditionalCheckFailedException](err)
	switch {
	case err == nil:
		return nil
	case !isCheck:
		return s.judge(err, &a, nil)
	case a.none():
		return fmt.Errorf("row %s: %w", text(w.Key), state.ErrConflict)
	}
	if is, ok := number(c.Item, "v"); ok && is == version.Value {
		return nil // an earlier attempt did it
	}
	return err // it may have, and somebody else has replaced that
}

// commitAll applies writes in a transaction.
func (s *Store) commitAll(ctx context.Context, pipeline string, writes []state.Write, version types.AttributeValueMemberN) error {
	in := &dynamodb.TransactWriteItemsInput{
		ClientRequestToken: new(rand.Text()),
		TransactItems:      make([]types.TransactWriteItem, len(writes)),
	}
	for i := range writes {
		if w := &writes[i]; w.Add {
			in.TransactItems[i].Update = s.update(pipeline, w, &version)
		} else {
			in.TransactItems[i].Put = s.put(pipeline, w, &version)
		}
	}
	a := attempts{began: time.Now().Round(0)}
	_, err := s.client.TransactWriteItems(ctx, in, a.watch)
	if err == nil {
		return nil
	}
	return s.judge(err, &a, writes)
}

// newVersion returns a number that no row ever had: of 64 random bits.
func newVersion() (v uint64) {
	for v == 0 {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails, by its documentation
		v = binary.LittleEndian.Uint64(b[:])
	}
	return v
}

// put replaces a row's data. Numbers are stored as such, since they may be added to.
func (s *Store) put(pipeline string, w *state.Write, version *types.AttributeValueMemberN) *types.Put {
	it := keyOf(pipeline, w.Key)
	it["v"] = version
	switch {
	case isNumber(w.Data):
		it["n"] = &types.AttributeValueMemberN{Value: string(w.Data)}
	case w.Data == nil:
		it["d"] = blob([]byte{}) // nil would be no value at all
	default:
		it["d"] = blob(w.Data)
	}
	if !w.Expires.IsZero() {
		it["x"] = integer(w.Expires.Unix())
	}
	p := &types.Put{TableName: &s.table, Item: it}
	if w.Version == 0 {
		p.ConditionExpression = new("attribute_not_exists(k)")
	} else {
		p.ConditionExpression = new("v = :v")
		p.ExpressionAttributeValues = map[string]types.AttributeValue{":v": &types.AttributeValueMemberN{Value: strconv.FormatUint(w.Version, 10)}}
	}
	return p
}

// update adds to a row. It wants the row back if that fails, to tell why.
func (s *Store) update(pipeline string, w *state.Write, version *types.AttributeValueMemberN) *types.Update {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	if w.Delta > 0 {
		high -= w.Delta
	} else {
		low -= w.Delta
	}
	u := &types.Update{
		TableName: &s.table, Key: keyOf(pipeline, w.Key),
		ConditionExpression: new("attribute_not_exists(k) OR n BETWEEN :low AND :high"),
		UpdateExpression:    new("ADD n :delta SET v = :v REMOVE x"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":low": integer(low), ":high": integer(high), ":delta": integer(w.Delta), ":v": version,
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if !w.Expires.IsZero() {
		u.UpdateExpression = new("ADD n :delta SET v = :v, x = :x")
		u.ExpressionAttributeValues[":x"] = integer(w.Expires.Unix())
	}
	return u
}

// tokenLife is for how long DynamoDB recognises a token at least. It says 10 minutes.
const tokenLife = 9 * time.Minute

var errTokenLife = errors.New("no further attempt: DynamoDB may have forgotten the first one, and would apply it twice")

// attempts watches what the SDK makes of one call.
type attempts struct {
	began time.Time // by the wall clock: the other one stands still while a Lambda is frozen
	n     int
	open  bool // one of them may have been applied, or may yet be
}

func (a *attempts) watch(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
		return s.Finalize.Insert(middleware.FinalizeMiddlewareFunc("weirAttempt", a.attempt), "Retry", middleware.After)
	})
}

func (a *attempts) attempt(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, m middleware.Metadata, err error) {
	if a.n > 0 && time.Now().Round(0).Sub(a.began) > tokenLife {
		return out, m, errTokenLife
	}
	a.n++
	out, m, err = next.HandleFinalize(ctx, in)
	if err != nil && !declined(err) {
		a.open = true
	}
	return out, m, err
}

// none says that no attempt was applied, or will be.
func (a *attempts) none() bool { return a.n > 0 && !a.open }

// verdict is what an error's code says of the request.
type verdict uint8

const (
	unclear   verdict = iota
	throttled         // not applied, this time
	cancelled         // not applied, for reasons of its own
	refused           // not applied, and never will be
)

var verdicts = map[string]verdict{
	"ProvisionedThroughputExceededException": throttled,
	"RequestLimitExceeded":                   throttled,
	"ThrottlingException":                    throttled,
	"LimitExceededException":                 throttled,
	"TransactionCanceledException":           cancelled,
	"TransactionConflictException":           cancelled,
	"ConditionalCheckFailedException":        cancelled,
	"AccessDeniedException":                  refused,
	"ResourceNotFoundException":              refused,
	"ValidationException":                    refused,
}

func verdictOf(err error) verdict {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return verdicts[api.ErrorCode()]
	}
	return unclear
}

// declined says that the server answered an attempt, and that it did not apply it.
func declined(err error) bool { return verdictOf(err) != unclear }

// judge says what an error means for the writes.
func (s *Store) judge(err error, a *attempts, writes []state.Write) error {
	if c, ok := errors.AsType[*types.TransactionCanceledException](err); ok {
		return s.cancelled(c, err, a, writes)
	}
	if !a.none() {
		return err
	}
	switch verdictOf(err) {
	case cancelled:
		return fmt.Errorf("%w: %w", state.ErrConflict, err)
	case refused:
		return s.explain(err)
	}
	return err
}

// cancelled finds the reason that decides: the row that is to be read again; if there is none,
// the sum that will not work out; if there is none, what is wrong with an item.
func (s *Store) cancelled(c *types.TransactionCanceledException, err error, a *attempts, writes []state.Write) error {
	var sum, wrong error
	var conflict, unclear bool
	for i, r := range c.CancellationReasons {
		if i >= len(writes) || r.Code == nil {
			unclear = true
			continue
		}
		w := &writes[i]
		switch *r.Code {
		case "None":
		case "ConditionalCheckFailed":
			switch _, isNumber := number(r.Item, "n"); {
			case !w.Add:
				// A version never comes back, so an earlier attempt will not be applied either.
				// A row that was not to be there may be gone by then.
				if w.Version != 0 || a.none() {
					return fmt.Errorf("row %s: %w", text(w.Key), state.ErrConflict)
				}
				unclear = true
			case isNumber:
				sum = fmt.Errorf("row %s: %w", text(w.Key), state.ErrOverflow)
			case len(r.Item) > 0:
				sum = fmt.Errorf("row %s: %w", text(w.Key), state.ErrNotNumber)
			default:
				unclear = true
			}
		case "ValidationError", "ItemCollectionSizeLimitExceeded":
			wrong = fmt.Errorf("%w: row %s, of %d bytes: %s", state.ErrRefused, text(w.Key), len(w.Data), deref(r.Message))
		case "TransactionConflict":
			conflict = true
		default:
			unclear = true
		}
	}
	switch {
	case !a.none():
		return err
	case sum != nil:
		return sum
	case wrong != nil:
		return wrong
	case conflict && !unclear:
		return fmt.Errorf("%w: %w", state.ErrConflict, err)
	}
	return err
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// explain says what to do about an error that will not go away by itself.
func (s *Store) explain(err error) error { return explain(err, s.table) }

func explain(err error, table string) error {
	if verdictOf(err) != refused {
		return err
	}
	advice := ""
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		switch api.ErrorCode() {
		case "ResourceNotFoundException":
			advice = ": create it, with CreateTable, say, or correct its name or the client's region"
		case "AccessDeniedException":
			advice = ": allow the role what the doc of package dynamostore lists"
		}
	}
	return fmt.Errorf("%w: table %q%s: %w", state.ErrRefused, table, advice, err)
}
