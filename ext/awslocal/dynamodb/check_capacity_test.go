package dynamodb_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// sized is an item of so many bytes as DynamoDB counts them.
func sized(key string, bytes int) attrs {
	return attrs{"pk": str(key), "v": bin(string(make([]byte, bytes-len("pk")-len(key)-len("v"))))}
}

const total = types.ReturnConsumedCapacityTotal

// costs wants what was consumed to be so many units.
func (b *bed) costs(got *types.ConsumedCapacity, want float64) {
	if got == nil {
		b.fail("no consumed capacity")
	}
	b.equal(aws.ToFloat64(got.CapacityUnits), want)
}

var capacityChecks = []check{
	{"capacity/one item", func(b *bed) {
		t := b.simple()
		for _, step := range []struct {
			bytes       int
			write, read float64
		}{{100, 1, 1}, {1024, 1, 1}, {1025, 2, 1}, {4096, 4, 1}, {4097, 5, 2}, {10, 5, 1}} { // the last one replaces the one before
			put, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: t, Item: sized("a", step.bytes), ReturnConsumedCapacity: total})
			b.must(err)
			b.costs(put.ConsumedCapacity, step.write)
			for _, consistent := range []bool{true, false} {
				get, err := b.client.GetItem(b.ctx, &sdk.GetItemInput{TableName: t, Key: pk("a"), ConsistentRead: &consistent, ReturnConsumedCapacity: total})
				b.must(err)
				if consistent {
					b.costs(get.ConsumedCapacity, step.read)
				} else {
					b.costs(get.ConsumedCapacity, step.read/2)
				}
			}
		}
		b.put(t, sized("a", 3000))
		update, err := b.client.UpdateItem(b.ctx, &sdk.UpdateItemInput{TableName: t, Key: pk("a"), UpdateExpression: aws.String("REMOVE v"), ReturnConsumedCapacity: total})
		b.must(err)
		b.costs(update.ConsumedCapacity, 3)
		b.put(t, sized("a", 3000))
		del, err := b.client.DeleteItem(b.ctx, &sdk.DeleteItemInput{TableName: t, Key: pk("a"), ReturnConsumedCapacity: total})
		b.must(err)
		b.costs(del.ConsumedCapacity, 3)
		del, err = b.client.DeleteItem(b.ctx, &sdk.DeleteItemInput{TableName: t, Key: pk("none"), ReturnConsumedCapacity: total})
		b.must(err)
		b.costs(del.ConsumedCapacity, 1)
		get, err := b.client.GetItem(b.ctx, &sdk.GetItemInput{TableName: t, Key: pk("none"), ReturnConsumedCapacity: total})
		b.must(err)
		b.costs(get.ConsumedCapacity, 0.5)
	}},
	{"capacity/not asked for", func(b *bed) {
		put, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: b.simple(), Item: pk("a"), ReturnConsumedCapacity: "NONE"})
		b.must(err)
		b.equal(put.ConsumedCapacity == nil, true)
	}},
	{"capacity/query", func(b *bed) {
		t := b.table("S", "N")
		for i := range 9 {
			b.put(t, attrs{"pk": str("p"), "sk": num(string(rune('1' + i))), "v": bin(string(make([]byte, 990)))}) // 998 bytes
		}
		in := &sdk.QueryInput{TableName: t, KeyConditionExpression: aws.String("pk = :p"), ExpressionAttributeValues: attrs{":p": str("p")}, ReturnConsumedCapacity: total, ConsistentRead: aws.Bool(true)}
		out, err := b.client.Query(b.ctx, in)
		b.must(err)
		b.costs(out.ConsumedCapacity, 3) // 8,982 bytes
		in.ConsistentRead = nil
		out, err = b.client.Query(b.ctx, in)
		b.must(err)
		b.costs(out.ConsumedCapacity, 1.5)
	}},
	{"capacity/consistent scan", func(b *bed) {
		t, _ := tenOf(b)
		scan, err := b.client.Scan(b.ctx, &sdk.ScanInput{TableName: t, ReturnConsumedCapacity: total, ConsistentRead: aws.Bool(true)})
		b.must(err)
		b.costs(scan.ConsumedCapacity, 1)
	}},
	{"capacity/scan", func(b *bed) {
		t, _ := tenOf(b)
		scan, err := b.client.Scan(b.ctx, &sdk.ScanInput{TableName: t, ReturnConsumedCapacity: total})
		b.must(err)
		b.costs(scan.ConsumedCapacity, 0.5)
	}},
	{"capacity/batch", func(b *bed) {
		t := b.simple()
		write, err := b.client.BatchWriteItem(b.ctx, &sdk.BatchWriteItemInput{ReturnConsumedCapacity: total, RequestItems: map[string][]types.WriteRequest{
			*t: {putRequest(sized("a", 100)), putRequest(sized("b", 1500)), deleteRequest(pk("none"))},
		}})
		b.must(err)
		b.costs(&write.ConsumedCapacity[0], 4)
		get, err := b.client.BatchGetItem(b.ctx, &sdk.BatchGetItemInput{ReturnConsumedCapacity: total, RequestItems: map[string]types.KeysAndAttributes{
			*t: {Keys: []attrs{pk("a"), pk("b"), pk("none")}, ConsistentRead: aws.Bool(true)},
		}})
		b.must(err)
		b.costs(&get.ConsumedCapacity[0], 3)
	}},
	{"capacity/transaction", func(b *bed) {
		t := b.simple()
		in := &sdk.TransactWriteItemsInput{ClientRequestToken: aws.String("capacity"), ReturnConsumedCapacity: total, TransactItems: []types.TransactWriteItem{
			putting(t, sized("a", 100), ""), putting(t, sized("b", 5000), ""),
		}}
		out, err := b.client.TransactWriteItems(b.ctx, in)
		b.must(err)
		b.costs(&out.ConsumedCapacity[0], 2*(1+5))
		out, err = b.client.TransactWriteItems(b.ctx, in) // what was written before is only read
		b.must(err)
		b.costs(&out.ConsumedCapacity[0], 2*(1+2))
		get, err := b.client.TransactGetItems(b.ctx, &sdk.TransactGetItemsInput{ReturnConsumedCapacity: total, TransactItems: []types.TransactGetItem{
			{Get: &types.Get{TableName: t, Key: pk("a")}}, {Get: &types.Get{TableName: t, Key: pk("b")}},
		}})
		b.must(err)
		b.costs(&get.ConsumedCapacity[0], 2*(1+2))
	}},
}
