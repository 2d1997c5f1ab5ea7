package dynamodb_test

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func putRequest(it attrs) types.WriteRequest {
	return types.WriteRequest{PutRequest: &types.PutRequest{Item: it}}
}

func deleteRequest(key attrs) types.WriteRequest {
	return types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: key}}
}

func (b *bed) batchWrite(table *string, requests ...types.WriteRequest) error {
	_, err := b.client.BatchWriteItem(b.ctx, &sdk.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*table: requests}})
	return err
}

// batchGet returns the items, sorted as they are shown.
func (b *bed) batchGet(table *string, more types.KeysAndAttributes) ([]string, error) {
	out, err := b.client.BatchGetItem(b.ctx, &sdk.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{*table: more}})
	if err != nil {
		return nil, err
	}
	var items []string
	for _, it := range out.Responses[*table] {
		items = append(items, shown(it))
	}
	slices.Sort(items)
	return items, nil
}

// numbered makes n keys.
func numbered(n int) []attrs {
	var keys []attrs
	for i := range n {
		keys = append(keys, pk(fmt.Sprintf("%03d", i)))
	}
	return keys
}

var batchChecks = []check{
	{"batch/25 puts and deletes, no more", func(b *bed) {
		t := b.simple()
		var puts []types.WriteRequest
		for _, k := range numbered(26) {
			puts = append(puts, putRequest(k))
		}
		b.refused(b.batchWrite(t, puts...), "ValidationException")
		b.equal(len(b.get(t, pk("000"))), 0)
		b.must(b.batchWrite(t, puts[:25]...))
		b.must(b.batchWrite(t, deleteRequest(pk("000")), putRequest(with(pk("001"), attrs{"x": num("1")})), deleteRequest(pk("none"))))
		b.equal(len(b.get(t, pk("000"))), 0)
		b.equal(shown(b.get(t, pk("001"))), `{pk:"001" x:1}`)
	}},
	{"batch/writes of one item", func(b *bed) {
		t := b.simple()
		b.refused(b.batchWrite(t, putRequest(pk("a")), deleteRequest(pk("a"))), "ValidationException", "Provided list of item keys contains duplicates")
		b.equal(len(b.get(t, pk("a"))), 0)
	}},
	{"batch/nothing is written if one is refused", func(b *bed) {
		t := b.simple()
		b.refused(b.batchWrite(t, putRequest(pk("a")), putRequest(attrs{"pk": num("1")})), "ValidationException")
		b.refused(b.batchWrite(t, putRequest(pk("a")), putRequest(pk(""))), "ValidationException")
		b.equal(len(b.get(t, pk("a"))), 0)
	}},
	{"batch/empty", func(b *bed) {
		t := b.simple()
		b.refused(b.batchWrite(t), "ValidationException")
		_, err := b.batchGet(t, types.KeysAndAttributes{Keys: []attrs{}})
		b.refused(err, "ValidationException")
		b.refused(b.batchWrite(t, types.WriteRequest{}), "ValidationException")
	}},
	{"batch/no such table", func(b *bed) {
		none := aws.String(b.name + "-none")
		b.refused(b.batchWrite(none, putRequest(pk("a"))), "ResourceNotFoundException")
		_, err := b.batchGet(none, types.KeysAndAttributes{Keys: numbered(1)})
		b.refused(err, "ResourceNotFoundException")
	}},
	{"batch/get 100, no more", func(b *bed) {
		t := b.simple()
		keys := numbered(101)
		b.fill(t, keys[1:60])
		got, err := b.batchGet(t, types.KeysAndAttributes{Keys: keys[:100], ConsistentRead: aws.Bool(true)})
		b.must(err)
		b.equal(len(got), 59)
		b.equal(got[0], `{pk:"001"}`)
		_, err = b.batchGet(t, types.KeysAndAttributes{Keys: keys})
		b.refused(err, "ValidationException")
	}},
	{"batch/get with projection", func(b *bed) {
		t := b.simple()
		b.put(t, attrs{"pk": str("a"), "x": num("1"), "y": num("2")})
		got, err := b.batchGet(t, types.KeysAndAttributes{
			Keys: []attrs{pk("a")}, ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("#x"), ExpressionAttributeNames: map[string]string{"#x": "x"},
		})
		b.must(err)
		b.equal(got, "[{x:1}]")
	}},
	{"batch/get duplicates", func(b *bed) {
		_, err := b.batchGet(b.simple(), types.KeysAndAttributes{Keys: []attrs{pk("a"), pk("b"), pk("a")}})
		b.refused(err, "ValidationException", "Provided list of item keys contains duplicates")
	}},
	{"batch/two tables", func(b *bed) {
		t1, t2 := b.simple(), b.table("N", "")
		_, err := b.client.BatchWriteItem(b.ctx, &sdk.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
			*t1: {putRequest(pk("a"))}, *t2: {putRequest(attrs{"pk": num("7")})},
		}})
		b.must(err)
		out, err := b.client.BatchGetItem(b.ctx, &sdk.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
			*t1: {Keys: []attrs{pk("a")}, ConsistentRead: aws.Bool(true)}, *t2: {Keys: []attrs{{"pk": num("7")}, {"pk": num("8")}}, ConsistentRead: aws.Bool(true)},
		}})
		b.must(err)
		b.equal(len(out.Responses[*t1])+len(out.Responses[*t2]), 2)
		b.equal(shown(out.Responses[*t2][0]), "{pk:7}")
	}},
	{"batch/get stops at 16 MB", func(b *bed) {
		t := b.simple()
		big := bin(string(make([]byte, 390<<10)))
		var items []attrs
		for _, k := range numbered(50) {
			items = append(items, with(k, attrs{"v": big}))
		}
		for _, it := range items {
			b.put(t, it)
		}
		left := map[string]types.KeysAndAttributes{*t: {Keys: numbered(50), ConsistentRead: aws.Bool(true)}}
		n, calls := 0, 0
		for len(left) > 0 {
			out, err := b.client.BatchGetItem(b.ctx, &sdk.BatchGetItemInput{RequestItems: left})
			b.must(err)
			n += len(out.Responses[*t])
			left = out.UnprocessedKeys
			calls++
		}
		b.equal(n, 50)
		b.equal(calls, 2)
	}},
}
