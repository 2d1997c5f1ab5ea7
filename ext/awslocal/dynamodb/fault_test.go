package dynamodb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/weir-go/weir/ext/awslocal/dynamodb"
)

// once has one request go wrong: the nth of an Op.
func once(op string, n int, f dynamodb.Fault) func(dynamodb.Request) dynamodb.Fault {
	return func(r dynamodb.Request) dynamodb.Fault {
		if r.Op == op && r.N == n {
			return f
		}
		return dynamodb.Fault{}
	}
}

// add adds 1 to n of item a, by an update, with the SDK's own retries.
func (b *bed) add(table *string, opts ...func(*sdk.Options)) error {
	_, err := b.client.UpdateItem(b.ctx, &sdk.UpdateItemInput{TableName: table, Key: pk("a"), UpdateExpression: aws.String("ADD n :n"), ExpressionAttributeValues: attrs{":n": num("1")}}, opts...)
	return err
}

func noRetries(o *sdk.Options) { o.RetryMaxAttempts = 1 }

// What the SDK does with each fault: F11 and F12 are what an ADD comes to when its answer is lost.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault       dynamodb.Fault
		code        string // without retries; "" for an error without a code
		sum         string // of an update that is then retried
		transaction string // its code, without retries
	}{
		"cut":              {dynamodb.Fault{Do: dynamodb.Cut}, "", "2", ""},
		"refuse":           {dynamodb.Fault{Do: dynamodb.Refuse}, "", "1", ""},
		"throttle":         {dynamodb.Fault{Do: dynamodb.Throttle}, "ProvisionedThroughputExceededException", "1", "ProvisionedThroughputExceededException"},
		"throttle account": {dynamodb.Fault{Do: dynamodb.ThrottleAccount}, "ThrottlingException", "1", "ThrottlingException"},
		"internal":         {dynamodb.Fault{Do: dynamodb.Internal}, "InternalServerError", "1", "InternalServerError"},
		"internal after":   {dynamodb.Fault{Do: dynamodb.InternalAfter}, "InternalServerError", "2", "InternalServerError"},
		"cancel throttled": {dynamodb.Fault{Do: dynamodb.CancelThrottled}, "ProvisionedThroughputExceededException", "1", "None ProvisionedThroughputExceeded"},
		"in progress":      {dynamodb.Fault{Do: dynamodb.InProgress}, "ProvisionedThroughputExceededException", "1", "TransactionInProgressException"},
		"conflict":         {dynamodb.Fault{Do: dynamodb.Conflict}, "TransactionConflictException", "0", "None TransactionConflict"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(b *bed, srv *dynamodb.Server) {
				table := b.simple()
				b.put(table, attrs{"pk": str("a"), "n": num("0")})
				srv.Fault(once("UpdateItem", 1, tt.fault))
				b.failsWith(b.add(table, noRetries), tt.code)
				b.put(table, attrs{"pk": str("a"), "n": num("0")})
				srv.Fault(once("UpdateItem", 2, tt.fault))
				if err := b.add(table); (err == nil) != (tt.sum != "0") {
					b.fail("with retries: %v", err)
				}
				b.holds(table, attrs{"pk": str("a"), "n": num(tt.sum)})

				fault := tt.fault
				fault.Entry = 1
				srv.Fault(once("TransactWriteItems", 1, fault))
				_, err := b.client.TransactWriteItems(b.ctx, &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{adding(table, "b", "1"), adding(table, "c", "1")}}, noRetries)
				var cancelled *types.TransactionCanceledException
				if errors.As(err, &cancelled) {
					b.equal(b.reasons(err), tt.transaction)
				} else {
					b.failsWith(err, tt.transaction)
				}
				applied := len(b.get(table, pk("b"))) > 0
				b.equal(applied, fault.Do == dynamodb.Cut || fault.Do == dynamodb.InternalAfter)
			})
		})
	}
}

// failsWith wants an error with a code, or one without.
func (b *bed) failsWith(err error, code string) {
	var coded interface{ ErrorCode() string }
	switch {
	case err == nil:
		b.fail("no error, want %q", code)
	case code != "":
		b.refused(err, code)
	case errors.As(err, &coded):
		b.fail("error is %v, want none of the protocol's", err)
	}
}

// A transaction whose answer is lost is applied once, since the SDK sends its token again.
func TestF11_LostAnswerOfATransaction(t *testing.T) {
	t.Parallel()
	srv := dynamodb.New()
	endpoint, err := srv.Start() // the connection is really cut
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() })
	for i, fault := range []dynamodb.Action{dynamodb.Cut, dynamodb.InternalAfter} {
		err := newBed(t, endpoint, fmt.Sprint("weir-", i)).ask(func(b *bed) {
			table := b.simple()
			n := srv.Requests("TransactWriteItems")
			srv.Fault(once("TransactWriteItems", n+1, dynamodb.Fault{Do: fault}))
			b.must(b.transact(adding(table, "a", "1")))
			b.holds(table, attrs{"pk": str("a"), "n": num("1")})
			b.equal(srv.Requests("TransactWriteItems")-n, 2)
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestUnprocessed(t *testing.T) {
	t.Parallel()
	bubble(t, func(b *bed, srv *dynamodb.Server) {
		table := b.simple()
		keys := numbered(10)
		var puts []types.WriteRequest
		for _, k := range keys {
			puts = append(puts, putRequest(k))
		}
		srv.Fault(once("BatchWriteItem", 1, dynamodb.Fault{Unprocessed: 4}))
		out, err := b.client.BatchWriteItem(b.ctx, &sdk.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*table: puts}, ReturnConsumedCapacity: total})
		b.must(err)
		b.equal(len(out.UnprocessedItems[*table]), 4)
		b.equal(shown(out.UnprocessedItems[*table][0].PutRequest.Item), shown(keys[6]))
		b.costs(&out.ConsumedCapacity[0], 6)
		b.equal(len(b.get(table, keys[5]))+len(b.get(table, keys[6])), 1)

		more := types.KeysAndAttributes{Keys: keys, ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("#k"), ExpressionAttributeNames: map[string]string{"#k": "pk"}}
		srv.Fault(once("BatchGetItem", 1, dynamodb.Fault{Unprocessed: 7}))
		got, err := b.client.BatchGetItem(b.ctx, &sdk.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{*table: more}})
		b.must(err)
		b.equal(len(got.Responses[*table]), 3)
		left := got.UnprocessedKeys[*table]
		b.equal(len(left.Keys), 7)
		b.equal(*left.ConsistentRead, true)
		got, err = b.client.BatchGetItem(b.ctx, &sdk.BatchGetItemInput{RequestItems: got.UnprocessedKeys})
		b.must(err)
		b.equal(len(got.Responses[*table]), 3)
		b.equal(len(got.UnprocessedKeys), 0)
	})
}

// What a client that does not wait long enough can leave behind.
func TestImpatientClient(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault   dynamodb.Fault
		applied [2]bool // when the client gives up after a second, and a minute later
	}{
		"delay": {dynamodb.Fault{Delay: 10 * time.Second}, [2]bool{false, false}},
		"late":  {dynamodb.Fault{Delay: 10 * time.Second, Late: true}, [2]bool{false, true}},
		"hold":  {dynamodb.Fault{Hold: 10 * time.Second}, [2]bool{true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(b *bed, srv *dynamodb.Server) {
				table := b.simple()
				srv.Fault(once("PutItem", 1, tt.fault))
				ctx, cancel := context.WithTimeout(b.ctx, time.Second)
				defer cancel()
				_, err := b.client.PutItem(ctx, &sdk.PutItemInput{TableName: table, Item: pk("a")})
				if !errors.Is(err, context.DeadlineExceeded) {
					b.fail("error is %v", err)
				}
				for i, pause := range []time.Duration{0, time.Minute} {
					time.Sleep(pause)
					b.equal(len(b.get(table, pk("a"))) > 0, tt.applied[i])
				}
			})
		})
	}
	bubble(t, func(b *bed, srv *dynamodb.Server) { // and one that does
		srv.Fault(once("PutItem", 1, dynamodb.Fault{Delay: 2 * time.Second, Hold: 3 * time.Second}))
		table, begin := b.simple(), time.Now()
		b.put(table, pk("a"))
		b.equal(time.Since(begin), 5*time.Second)
	})
}

func TestConflictOneIn(t *testing.T) {
	t.Parallel()
	const seed = 4
	t.Logf("seed %d", seed)
	bubble(t, func(b *bed, srv *dynamodb.Server) {
		table := b.simple()
		var wg sync.WaitGroup
		var mu sync.Mutex
		done, conflicts := 0, map[string]int{}
		for range 200 {
			wg.Go(func() {
				err := b.transact(adding(table, "a", "1"), adding(table, "b", "1"))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else {
					conflicts[b.reasons(err)]++
				}
			})
		}
		wg.Wait()
		b.holds(table, attrs{"pk": str("a"), "n": num(fmt.Sprint(done))})
		first, second := conflicts["TransactionConflict None"], conflicts["None TransactionConflict"]
		if len(conflicts) != 2 || done+first+second != 200 || first < 10 || second < 10 || done < 100 {
			b.fail("%d done, %v", done, conflicts)
		}
		alone := 0
		for range 100 {
			if err := b.add(table); err != nil {
				b.refused(err, "TransactionConflictException")
				alone++
			}
		}
		if alone < 10 || alone > 50 {
			b.fail("%d of 100 updates met a conflict, want about 25", alone)
		}
	}, dynamodb.ConflictOneIn(4, seed))
}

func TestLag(t *testing.T) {
	t.Parallel()
	for lag, want := range map[int]string{0: "3", 1: "2", 2: "1", 3: "none", 9: "none"} {
		bubble(t, func(b *bed, _ *dynamodb.Server) {
			table := b.table("S", "N")
			read := func(consistent bool) [3]string {
				key := attrs{"pk": str("a"), "sk": num("1")}
				value := func(items []attrs) string {
					if len(items) == 0 || items[0] == nil {
						return "none"
					}
					return show(items[0]["n"])
				}
				get, err := b.client.GetItem(b.ctx, &sdk.GetItemInput{TableName: table, Key: key, ConsistentRead: &consistent})
				b.must(err)
				query, err := b.client.Query(b.ctx, &sdk.QueryInput{TableName: table, KeyConditionExpression: aws.String("pk = :p"), ExpressionAttributeValues: attrs{":p": str("a")}, ConsistentRead: &consistent})
				b.must(err)
				scan, err := b.client.Scan(b.ctx, &sdk.ScanInput{TableName: table, ConsistentRead: &consistent})
				b.must(err)
				return [3]string{value([]attrs{get.Item}), value(query.Items), value(scan.Items)}
			}
			for i := range 3 {
				b.must(b.transact(putting(table, attrs{"pk": str("a"), "sk": num("1"), "n": num(fmt.Sprint(i + 1))}, "")))
			}
			b.equal(read(true), [3]string{"3", "3", "3"})
			b.equal(read(false), [3]string{want, want, want})
			_, err := b.client.DeleteItem(b.ctx, &sdk.DeleteItemInput{TableName: table, Key: attrs{"pk": str("a"), "sk": num("1")}})
			b.must(err)
			b.equal(read(true), [3]string{"none", "none", "none"})
			if lag == 1 {
				b.equal(read(false), [3]string{"3", "3", "3"})
			}
		}, dynamodb.Lag(lag))
	}
}
