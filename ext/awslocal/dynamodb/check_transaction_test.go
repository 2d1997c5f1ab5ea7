package dynamodb_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// adding is an entry that adds to the number n of an item.
func adding(table *string, key, by string) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{TableName: table, Key: pk(key), UpdateExpression: aws.String("ADD n :n"), ExpressionAttributeValues: attrs{":n": num(by)}}}
}

// putting is an entry that puts an item, on a condition if there is one.
func putting(table *string, it attrs, condition string) types.TransactWriteItem {
	p := &types.Put{TableName: table, Item: it}
	if condition != "" {
		p.ConditionExpression = &condition
	}
	return types.TransactWriteItem{Put: p}
}

func checking(table *string, key, condition string) types.TransactWriteItem {
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: table, Key: pk(key), ConditionExpression: &condition}}
}

func (b *bed) transact(entries ...types.TransactWriteItem) error {
	_, err := b.client.TransactWriteItems(b.ctx, &sdk.TransactWriteItemsInput{TransactItems: entries})
	return err
}

// reasons reads why a transaction was cancelled: codes, and items where there are some.
func (b *bed) reasons(err error) string {
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		b.fail("error is %v, want TransactionCanceledException", err)
	}
	var parts []string
	for _, r := range cancelled.CancellationReasons {
		p := aws.ToString(r.Code)
		if r.Item != nil {
			p += shown(r.Item)
		}
		parts = append(parts, p)
	}
	return strings.Join(parts, " ")
}

var transactionChecks = []check{
	{"transaction/all four kinds", func(b *bed) {
		t, other := b.simple(), b.table("N", "N")
		b.put(t, pk("there"))
		b.put(t, pk("goes"))
		b.must(b.transact(
			putting(t, attrs{"pk": str("new"), "x": num("1")}, "attribute_not_exists(pk)"), adding(t, "sum", "2"), checking(t, "there", "attribute_exists(pk)"),
			types.TransactWriteItem{Delete: &types.Delete{TableName: t, Key: pk("goes")}}, putting(other, attrs{"pk": num("1"), "sk": num("2")}, ""),
		))
		b.holds(t, attrs{"pk": str("new"), "x": num("1")})
		b.holds(t, attrs{"pk": str("sum"), "n": num("2")})
		b.holds(other, attrs{"pk": num("1"), "sk": num("2")})
		b.equal(len(b.get(t, pk("goes"))), 0)
	}},
	{"transaction/all or none", func(b *bed) {
		t := b.simple()
		b.put(t, attrs{"pk": str("there"), "x": num("1")})
		asking := putting(t, pk("there"), "attribute_not_exists(pk)")
		asking.Put.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
		err := b.transact(adding(t, "sum", "2"), asking, adding(t, "other", "1"), checking(t, "none", "attribute_exists(pk)"))
		b.equal(b.reasons(err), `None ConditionalCheckFailed{pk:"there" x:1} None ConditionalCheckFailed`)
		b.equal(len(b.get(t, pk("sum"))), 0)
		b.equal(len(b.get(t, pk("other"))), 0)
		b.holds(t, attrs{"pk": str("there"), "x": num("1")})
	}},
	{"transaction/an update that cannot be", func(b *bed) {
		t := b.simple()
		b.put(t, attrs{"pk": str("text"), "n": str("x")})
		b.equal(b.reasons(b.transact(adding(t, "sum", "2"), adding(t, "text", "1"))), "None ValidationError")
		b.equal(len(b.get(t, pk("sum"))), 0)
	}},
	{"transaction/one item twice", func(b *bed) {
		t := b.simple()
		b.refused(b.transact(adding(t, "a", "1"), checking(t, "a", "attribute_exists(pk)")), "ValidationException", "Transaction request cannot include multiple operations on one item")
		_, err := b.client.TransactGetItems(b.ctx, &sdk.TransactGetItemsInput{TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: t, Key: pk("a")}}, {Get: &types.Get{TableName: t, Key: pk("a")}}}})
		b.refused(err, "ValidationException", "Transaction request cannot include multiple operations on one item")
	}},
	{"transaction/100 entries, no more", func(b *bed) {
		t := b.simple()
		var entries []types.TransactWriteItem
		for i := range 101 {
			entries = append(entries, adding(t, fmt.Sprint(i), "1"))
		}
		b.refused(b.transact(entries...), "ValidationException")
		b.must(b.transact(entries[:100]...))
		b.holds(t, attrs{"pk": str("99"), "n": num("1")})
		b.equal(len(b.get(t, pk("100"))), 0)
	}},
	{"transaction/4 MB, no more", func(b *bed) {
		t := b.simple()
		var entries []types.TransactWriteItem
		for i := range 11 {
			entries = append(entries, putting(t, attrs{"pk": str(fmt.Sprint(i)), "v": bin(string(make([]byte, 395<<10)))}, ""))
		}
		b.refused(b.transact(entries...), "ValidationException")
		b.equal(len(b.get(t, pk("0"))), 0)
		b.must(b.transact(entries[:10]...))
	}},
	{"transaction/refused", func(b *bed) {
		t := b.simple()
		none := aws.String(b.name + "-none")
		b.refused(b.transact(types.TransactWriteItem{}), "ValidationException")
		both := adding(t, "a", "1")
		both.Put = &types.Put{TableName: t, Item: pk("b")}
		b.refused(b.transact(both), "ValidationException", "TransactItems can only contain one of Check, Put, Update or Delete")
		b.refused(b.transact(putting(t, pk("a"), "a = ")), "ValidationException", "Syntax error")
		b.refused(b.transact(putting(t, pk("a"), "a = :undefined")), "ValidationException", "not defined")
		b.refused(b.transact(adding(t, "a", "1"), adding(none, "a", "1")), "ResourceNotFoundException")
		b.equal(len(b.get(t, pk("a"))), 0)
	}},
	{"transaction/token", func(b *bed) {
		t := b.simple()
		in := &sdk.TransactWriteItemsInput{ClientRequestToken: aws.String("token-1"), TransactItems: []types.TransactWriteItem{adding(t, "a", "1"), adding(t, "b", "1")}}
		for range 3 {
			_, err := b.client.TransactWriteItems(b.ctx, in)
			b.must(err)
		}
		b.holds(t, attrs{"pk": str("a"), "n": num("1")})
		in.TransactItems[1] = adding(t, "b", "2")
		_, err := b.client.TransactWriteItems(b.ctx, in)
		b.refused(err, "IdempotentParameterMismatchException")
		b.holds(t, attrs{"pk": str("b"), "n": num("1")})
		in.ClientRequestToken = aws.String("token-2")
		_, err = b.client.TransactWriteItems(b.ctx, in)
		b.must(err)
		b.holds(t, attrs{"pk": str("b"), "n": num("3")})
		in.ClientRequestToken = aws.String(strings.Repeat("x", 37))
		_, err = b.client.TransactWriteItems(b.ctx, in)
		b.refused(err, "ValidationException")
	}},
	{"transaction/token of a cancelled one", func(b *bed) {
		t := b.simple()
		in := &sdk.TransactWriteItemsInput{ClientRequestToken: aws.String("token"), TransactItems: []types.TransactWriteItem{adding(t, "a", "1"), checking(t, "b", "attribute_exists(pk)")}}
		_, err := b.client.TransactWriteItems(b.ctx, in)
		b.equal(b.reasons(err), "None ConditionalCheckFailed")
		b.put(t, pk("b"))
		_, err = b.client.TransactWriteItems(b.ctx, in)
		b.must(err)
		b.holds(t, attrs{"pk": str("a"), "n": num("1")})
	}},
	{"transaction/get", func(b *bed) {
		t := b.simple()
		b.put(t, attrs{"pk": str("a"), "x": num("1"), "y": num("2")})
		out, err := b.client.TransactGetItems(b.ctx, &sdk.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
			{Get: &types.Get{TableName: t, Key: pk("none")}}, {Get: &types.Get{TableName: t, Key: pk("a"), ProjectionExpression: aws.String("x")}},
		}})
		b.must(err)
		b.equal(len(out.Responses), 2)
		b.equal(len(out.Responses[0].Item), 0)
		b.equal(shown(out.Responses[1].Item), "{x:1}")
	}},
}
