package dynamodb_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// show writes a value so that equal ones look alike: maps and sets sorted.
func show(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return fmt.Sprintf("%q", v.Value)
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberB:
		return fmt.Sprintf("0x%x", v.Value)
	case *types.AttributeValueMemberBOOL:
		return fmt.Sprint(v.Value)
	case *types.AttributeValueMemberNULL:
		return "null"
	case *types.AttributeValueMemberSS:
		return fmt.Sprintf("SS%q", slices.Sorted(slices.Values(v.Value)))
	case *types.AttributeValueMemberNS:
		return fmt.Sprintf("NS%v", slices.Sorted(slices.Values(v.Value)))
	case *types.AttributeValueMemberBS:
		return fmt.Sprintf("BS%x", slices.SortedFunc(slices.Values(v.Value), slices.Compare))
	case *types.AttributeValueMemberL:
		var parts []string
		for _, e := range v.Value {
			parts = append(parts, show(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case *types.AttributeValueMemberM:
		return shown(v.Value)
	}
	return fmt.Sprintf("%T", v)
}

// shown is show for an item.
func shown(it attrs) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(it)) {
		parts = append(parts, name+":"+show(it[name]))
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// table makes a table with the hash key pk and, unless kind is empty, a sort key sk, and waits
// until it can be used.
func (b *bed) table(hash, sort types.ScalarAttributeType, more ...func(*sdk.CreateTableInput)) *string {
	name := fmt.Sprintf("%s-%d", b.name, len(b.made))
	in := &sdk.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: hash}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}},
	}
	if sort != "" {
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: aws.String("sk"), AttributeType: sort})
		in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange})
	}
	for _, f := range more {
		f(in)
	}
	_, err := b.client.CreateTable(b.ctx, in)
	b.must(err)
	b.made = append(b.made, name)
	b.until("the table is active", func() bool {
		out, err := b.client.DescribeTable(b.ctx, &sdk.DescribeTableInput{TableName: &name})
		b.must(err)
		return out.Table.TableStatus == types.TableStatusActive
	})
	return &name
}

// until asks again until the answer is yes.
func (b *bed) until(what string, f func() bool) {
	for !f() {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-b.ctx.Done():
			b.fail("gave up waiting until %s", what)
		}
	}
}

// simple makes a table with the hash key pk of type S.
func (b *bed) simple() *string { return b.table("S", "") }

func (b *bed) put(table *string, it attrs) {
	_, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: table, Item: it})
	b.must(err)
}

// get reads an item consistently, nil if there is none.
func (b *bed) get(table *string, key attrs) attrs {
	out, err := b.client.GetItem(b.ctx, &sdk.GetItemInput{TableName: table, Key: key, ConsistentRead: aws.Bool(true)})
	b.must(err)
	return out.Item
}

// holds wants the item to be exactly that.
func (b *bed) holds(table *string, it attrs) {
	key := attrs{"pk": it["pk"]}
	if sk, ok := it["sk"]; ok {
		key["sk"] = sk
	}
	b.equal(shown(b.get(table, key)), shown(it))
}

// fill puts items in batches.
func (b *bed) fill(table *string, items []attrs) {
	for some := range slices.Chunk(items, 25) {
		var requests []types.WriteRequest
		for _, it := range some {
			requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: it}})
		}
		left := map[string][]types.WriteRequest{*table: requests}
		for len(left) > 0 {
			out, err := b.client.BatchWriteItem(b.ctx, &sdk.BatchWriteItemInput{RequestItems: left})
			b.must(err)
			left = out.UnprocessedItems
		}
	}
}

// pk is a key without a sort key.
func pk(s string) attrs { return attrs{"pk": str(s)} }

// with adds attributes to an item.
func with(it attrs, more attrs) attrs {
	it = maps.Clone(it)
	maps.Copy(it, more)
	return it
}
