package dynamostore_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/weir-go/weir/ext/awslocal/dynamodb"
	"github.com/weir-go/weir/state"
)

// TestF13_RetriedPut: a single write is one PutItem, which the SDK repeats when its answer was lost. The
// repetition meets what the first attempt wrote, and that is no conflict.
func TestF13_RetriedPut(t *testing.T) {
	t.Parallel()
	for _, fault := range []dynamodb.Fault{cut, {Do: dynamodb.InternalAfter}} {
		b := overTCP(t)
		for i, data := range []string{"1st", "2nd"} {
			b.once("PutItem", fault)
			versions, err := b.store.CommitVersions(t.Context(), "p", []state.Write{{Key: key("k"), Version: load(t, b.store, key("k")).Version, Data: []byte(data)}})
			if err != nil {
				t.Fatalf("%v: %v", fault, err)
			}
			if n := b.srv.Requests("PutItem"); n != 2*(i+1) {
				t.Fatalf("%d requests: the answer of the first was to be lost, and the SDK to send another", n)
			}
			if is := load(t, b.store, key("k")); string(is.Data) != data || !slices.Equal(versions, []uint64{is.Version}) {
				t.Errorf("%+v, want %s at version %d", is, data, versions)
			}
		}
		if n := b.srv.Requests("TransactWriteItems"); n != 0 {
			t.Errorf("%d transactions", n)
		}
	}
}

// TestPutJudgement is TestJudgement for single writes.
func TestPutJudgement(t *testing.T) {
	t.Parallel()
	lost, meanwhile := dynamodb.Fault{Do: dynamodb.Refuse}, dynamodb.Fault{Do: dynamodb.Cut}
	create, taken := state.Write{Key: key("taken")}, state.Write{Key: key("taken"), Version: 7}
	free := state.Write{Key: key("free"), Data: []byte("x")}
	for name, c := range map[string]struct {
		write  state.Write
		faults []dynamodb.Fault // of the attempts, in order; then there are none
		others bool             // somebody else replaces the row after the first attempt
		want   error            // nil for a plain error
	}{
		"version":              {write: taken, want: state.ErrConflict},
		"exists":               {write: create, want: state.ErrConflict},
		"too large":            {write: state.Write{Key: key("free"), Data: make([]byte, 400<<10)}, want: state.ErrRefused},
		"long name":            {write: state.Write{Key: key(strings.Repeat("x", 2050))}, want: state.ErrRefused},
		"transaction":          {write: free, faults: []dynamodb.Fault{{Do: dynamodb.Conflict}}, want: state.ErrConflict},
		"throttled":            {write: free, faults: repeat(dynamodb.Throttle)},
		"internal":             {write: free, faults: repeat(dynamodb.Internal)},
		"lost":                 {write: free, faults: repeat(dynamodb.Refuse)},
		"throttled, version":   {write: taken, faults: []dynamodb.Fault{{Do: dynamodb.Throttle}}, want: state.ErrConflict},
		"lost, then version":   {write: taken, faults: []dynamodb.Fault{lost}},
		"lost, then exists":    {write: create, faults: []dynamodb.Fault{lost}},
		"applied and replaced": {write: free, faults: []dynamodb.Fault{meanwhile}, others: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := inProcess(t)
				commit(t, b.store, state.Write{Key: key("taken"), Data: []byte("x")})
				b.srv.Fault(func(r dynamodb.Request) dynamodb.Fault {
					if r.Op != "PutItem" || r.N-2 >= len(c.faults) {
						if c.others && r.N == 3 {
							b.srv.Fault(nil)
							go replace(t, b, "free")
							synctest.Wait()
						}
						return dynamodb.Fault{}
					}
					return c.faults[r.N-2]
				})
				err := b.store.Commit(t.Context(), "p", []state.Write{c.write})
				if err == nil {
					t.Fatal("no error")
				}
				for _, final := range []error{state.ErrConflict, state.ErrOverflow, state.ErrNotNumber, state.ErrRefused} {
					if errors.Is(err, final) != (final == c.want) {
						t.Errorf("%v: matches %v: %v, want %v", err, final, errors.Is(err, final), c.want)
					}
				}
				b.srv.Fault(nil)
				if r := load(t, b.store, key("free")); r.Version != 0 && !c.others {
					t.Errorf("applied: %+v", r)
				}
			})
		})
	}
}

// replace writes a row whatever it is.
func replace(t *testing.T, b *bed, name string) {
	for {
		rows, err := b.store.Load(t.Context(), "p", []state.Key{key(name)}, true)
		if err != nil {
			t.Error(err)
			return
		}
		err = b.store.Commit(t.Context(), "p", []state.Write{{Key: key(name), Version: rows[0].Version, Data: []byte("other")}})
		if err == nil {
			return
		}
		if !errors.Is(err, state.ErrConflict) {
			t.Error(err)
			return
		}
	}
}

// TestPutCost: a single row costs one write unit a KB, half of what a transaction takes.
func TestPutCost(t *testing.T) {
	t.Parallel()
	b := inProcess(t)
	item := map[string]types.AttributeValue{"k": &types.AttributeValueMemberB{Value: []byte("x")}, "a": &types.AttributeValueMemberN{Value: "1"}}
	out, err := b.client.PutItem(t.Context(), &sdk.PutItemInput{TableName: &b.table, Item: item, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal})
	if err != nil {
		t.Fatal(err)
	}
	if got := strconv.FormatFloat(*out.ConsumedCapacity.CapacityUnits, 'g', -1, 64); got != "1" {
		t.Errorf("%s units", got)
	}
	commit(t, b.store, state.Write{Key: key("k"), Data: []byte("x")})
	if puts, transactions := b.srv.Requests("PutItem"), b.srv.Requests("TransactWriteItems"); puts != 2 || transactions != 0 {
		t.Errorf("%d puts, %d transactions", puts, transactions)
	}
}
