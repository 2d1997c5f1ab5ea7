package dynamodb_test

import (
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func (b *bed) timeToLive(table *string, on bool) error {
	_, err := b.client.UpdateTimeToLive(b.ctx, &sdk.UpdateTimeToLiveInput{TableName: table, TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: &on}})
	return err
}

var lifeChecks = []check{
	{"time to live/enable", func(b *bed) {
		t := b.simple()
		out, err := b.client.DescribeTimeToLive(b.ctx, &sdk.DescribeTimeToLiveInput{TableName: t})
		b.must(err)
		b.equal(out.TimeToLiveDescription.TimeToLiveStatus, "DISABLED")
		b.refused(b.timeToLive(t, false), "ValidationException", "TimeToLive is already disabled")
		b.must(b.timeToLive(t, true))
		b.until("time to live is enabled", func() bool {
			out, err = b.client.DescribeTimeToLive(b.ctx, &sdk.DescribeTimeToLiveInput{TableName: t})
			b.must(err)
			return out.TimeToLiveDescription.TimeToLiveStatus == types.TimeToLiveStatusEnabled
		})
		b.equal(*out.TimeToLiveDescription.AttributeName, "ttl")
		b.refused(b.timeToLive(t, true), "ValidationException")
	}},
	{"time to live/expire", func(b *bed) {
		if b.expire == nil {
			panic(failure{errSkipped})
		}
		t, untouched := b.simple(), b.simple()
		b.must(b.timeToLive(t, true))
		now := time.Now()
		ago := func(d time.Duration) string { return fmt.Sprint(now.Add(-d).Unix()) }
		for key, ttl := range map[string]types.AttributeValue{
			"gone": num(ago(time.Second)), "gone, with a fraction": num(ago(time.Hour) + ".5"), "kept, now": num(ago(0)), "kept, later": num(ago(-time.Hour)),
			"kept, text": str(ago(time.Hour)), "kept, six years": num(ago(6 * 366 * 24 * time.Hour)), "kept, in ms": num(fmt.Sprint(now.UnixMilli())),
		} {
			b.put(t, attrs{"pk": str(key), "ttl": ttl})
		}
		b.put(t, pk("kept, none"))
		b.put(untouched, attrs{"pk": str("kept"), "ttl": num(ago(time.Hour))})
		b.expire(now)
		out, err := b.client.Scan(b.ctx, &sdk.ScanInput{TableName: t, ConsistentRead: aws.Bool(true), FilterExpression: aws.String("begins_with(pk, :k)"), ExpressionAttributeValues: attrs{":k": str("kept")}})
		b.must(err)
		b.equal(out.Count, 6)
		b.equal(out.ScannedCount, 6)
		b.equal(len(b.get(untouched, pk("kept"))), 2)
	}},
}

var raceChecks = []check{
	{"race/one of 64 puts wins", func(b *bed) {
		t := b.simple()
		for round := range 5 {
			won := make(chan bool, 64)
			together(64, func(int) {
				_, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: t, Item: pk(fmt.Sprint(round)), ConditionExpression: aws.String("attribute_not_exists(pk)")})
				won <- err == nil
			})
			close(won)
			winners := 0
			for w := range won {
				if w {
					winners++
				}
			}
			b.equal(winners, 1)
		}
	}},
	{"race/400 additions", func(b *bed) {
		t := b.simple()
		errs := make(chan error, 400)
		together(16, func(int) {
			for range 25 {
				_, err := b.client.UpdateItem(b.ctx, &sdk.UpdateItemInput{TableName: t, Key: pk("a"), UpdateExpression: aws.String("ADD n :n"), ExpressionAttributeValues: attrs{":n": num("1")}})
				errs <- err
			}
		})
		for range 400 {
			b.must(<-errs)
		}
		b.holds(t, attrs{"pk": str("a"), "n": num("400")})
	}},
	{"race/transactions", func(b *bed) {
		t := b.simple()
		done := make(chan int, 40)
		together(40, func(int) {
			if err := b.transact(adding(t, "a", "1"), adding(t, "b", "-1")); err == nil {
				done <- 1
			} else {
				done <- 0
			}
		})
		close(done)
		n := 0
		for d := range done {
			n += d
		}
		if n == 0 {
			b.fail("no transaction came through")
		}
		b.holds(t, attrs{"pk": str("a"), "n": num(fmt.Sprint(n))})
		b.holds(t, attrs{"pk": str("b"), "n": num(fmt.Sprint(-n))})
	}},
}

// together runs n functions at once and waits for them.
func together(n int, f func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}
