package dynamodb_test

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const allOldOnFailure = types.ReturnValuesOnConditionCheckFailureAllOld

// condition reads the item of a ConditionalCheckFailedException.
func (b *bed) conditionFailed(err error) attrs {
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		b.fail("error is %v, want ConditionalCheckFailedException", err)
	}
	return failed.Item
}

var itemChecks = []check{
	{"item/put replaces", func(b *bed) {
		t := b.simple()
		b.put(t, attrs{"pk": str("a"), "x": num("1"), "y": num("2")})
		out, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: t, Item: attrs{"pk": str("a"), "x": num("3")}, ReturnValues: "ALL_OLD"})
		b.must(err)
		b.equal(shown(out.Attributes), `{pk:"a" x:1 y:2}`)
		b.holds(t, attrs{"pk": str("a"), "x": num("3")})
		out, err = b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: t, Item: pk("new"), ReturnValues: "ALL_OLD"})
		b.must(err)
		b.equal(len(out.Attributes), 0)
	}},
	{"item/get", func(b *bed) {
		t := b.simple()
		b.put(t, attrs{"pk": str("a"), "x": num("1"), "m": dict(attrs{"k": str("v"), "l": list(num("1"), num("2"), num("3"))})})
		get := func(key, projection string, names map[string]string) string {
			in := &sdk.GetItemInput{TableName: t, Key: pk(key), ConsistentRead: aws.Bool(true), ExpressionAttributeNames: names}
			if projection != "" {
				in.ProjectionExpression = &projection
			}
			out, err := b.client.GetItem(b.ctx, in)
			b.must(err)
			if out.Item == nil {
				return "none"
			}
			return shown(out.Item)
		}
		b.equal(get("none", "", nil), "none")
		b.equal(get("none", "x", nil), "none")
		b.equal(get("a", "", nil), `{m:{k:"v" l:[1 2 3]} pk:"a" x:1}`)
		b.equal(get("a", "x, #m.k", map[string]string{"#m": "m"}), `{m:{k:"v"} x:1}`)
		b.equal(get("a", "m.l[2], m.l[0], m.l[7], m.gone.x", nil), `{m:{l:[1 3]}}`)
		b.equal(get("a", "gone", nil), `{}`)
	}},
	{"item/put on condition", func(b *bed) {
		t := b.simple()
		put := func(x string) error {
			_, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: t, Item: attrs{"pk": str("a"), "x": num(x)}, ConditionExpression: aws.String("attribute_not_exists(pk)")})
			return err
		}
		b.must(put("1"))
		b.equal(len(b.conditionFailed(put("2"))), 0)
		b.holds(t, attrs{"pk": str("a"), "x": num("1")})
	}},
	{"item/what a failed put met", func(b *bed) {
		t := b.simple()
		b.put(t, attrs{"pk": str("a"), "x": num("1")})
		_, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: t, Item: pk("a"), ConditionExpression: aws.String("attribute_not_exists(pk)"), ReturnValuesOnConditionCheckFailure: allOldOnFailure})
		b.equal(shown(b.conditionFailed(err)), `{pk:"a" x:1}`)
		_, err = b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: t, Item: pk("b"), ConditionExpression: aws.String("attribute_exists(pk)"), ReturnValuesOnConditionCheckFailure: allOldOnFailure})
		b.equal(shown(b.conditionFailed(err)), `{}`)
	}},
	{"item/what a failed update met", func(b *bed) {
		t := b.simple()
		b.put(t, attrs{"pk": str("a"), "x": num("1")})
		_, err := b.client.UpdateItem(b.ctx, &sdk.UpdateItemInput{
			TableName: t, Key: pk("a"), UpdateExpression: aws.String("SET x = :y"), ConditionExpression: aws.String("x = :y"),
			ExpressionAttributeValues: attrs{":y": num("2")}, ReturnValuesOnConditionCheckFailure: allOldOnFailure,
		})
		b.equal(shown(b.conditionFailed(err)), `{pk:"a" x:1}`)
		b.holds(t, attrs{"pk": str("a"), "x": num("1")})
	}},
	{"item/what a failed delete met", func(b *bed) {
		t := b.simple()
		b.put(t, attrs{"pk": str("a"), "x": num("1")})
		_, err := b.client.DeleteItem(b.ctx, &sdk.DeleteItemInput{TableName: t, Key: pk("a"), ConditionExpression: aws.String("attribute_not_exists(x)"), ReturnValuesOnConditionCheckFailure: allOldOnFailure})
		b.equal(shown(b.conditionFailed(err)), `{pk:"a" x:1}`)
	}},
	{"item/delete", func(b *bed) {
		t := b.simple()
		b.put(t, attrs{"pk": str("a"), "who": str("me")})
		del := func(who string) (*sdk.DeleteItemOutput, error) {
			return b.client.DeleteItem(b.ctx, &sdk.DeleteItemInput{
				TableName: t, Key: pk("a"), ConditionExpression: aws.String("who = :w"), ExpressionAttributeValues: attrs{":w": str(who)}, ReturnValues: "ALL_OLD",
			})
		}
		_, err := del("other")
		b.conditionFailed(err)
		out, err := del("me")
		b.must(err)
		b.equal(shown(out.Attributes), `{pk:"a" who:"me"}`)
		_, err = del("me")
		b.conditionFailed(err)
		out, err = b.client.DeleteItem(b.ctx, &sdk.DeleteItemInput{TableName: t, Key: pk("a"), ReturnValues: "ALL_OLD"})
		b.must(err)
		b.equal(len(out.Attributes), 0)
		b.equal(len(b.get(t, pk("a"))), 0)
	}},
	{"item/update returns", func(b *bed) {
		t := b.simple()
		update := func(key, expression string, returns types.ReturnValue) string {
			in := &sdk.UpdateItemInput{TableName: t, Key: pk(key), UpdateExpression: &expression, ExpressionAttributeValues: attrs{":v": num("2")}, ReturnValues: returns}
			out, err := b.client.UpdateItem(b.ctx, in)
			b.must(err)
			return shown(out.Attributes)
		}
		b.put(t, attrs{"pk": str("a"), "x": num("1"), "y": num("1"), "m": dict(attrs{"k": num("1"), "l": num("1")})})
		b.equal(update("a", "SET x = :v", "NONE"), `{}`)
		b.equal(update("a", "ADD x :v", "ALL_OLD"), `{m:{k:1 l:1} pk:"a" x:2 y:1}`)
		b.equal(update("a", "ADD x :v", "ALL_NEW"), `{m:{k:1 l:1} pk:"a" x:6 y:1}`)
		b.equal(update("a", "ADD x :v", "UPDATED_OLD"), `{x:6}`)
		b.equal(update("a", "ADD x :v SET z = :v", "UPDATED_NEW"), `{x:10 z:2}`)
		b.equal(update("a", "SET m.k = :v REMOVE y", "UPDATED_NEW"), `{m:{k:2}}`)
		b.equal(update("new", "SET x = :v", "ALL_OLD"), `{}`)
		b.equal(update("newer", "SET x = :v", "ALL_NEW"), `{pk:"newer" x:2}`)
	}},
	{"item/update without an expression", func(b *bed) {
		t := b.simple()
		for range 2 {
			_, err := b.client.UpdateItem(b.ctx, &sdk.UpdateItemInput{TableName: t, Key: pk("a")})
			b.must(err)
			b.holds(t, pk("a"))
		}
	}},
	{"item/put cannot return what is new", func(b *bed) {
		_, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: b.simple(), Item: pk("a"), ReturnValues: "ALL_NEW"})
		b.refused(err, "ValidationException")
	}},
	{"item/delete cannot return what was updated", func(b *bed) {
		_, err := b.client.DeleteItem(b.ctx, &sdk.DeleteItemInput{TableName: b.simple(), Key: pk("a"), ReturnValues: "UPDATED_OLD"})
		b.refused(err, "ValidationException")
	}},
	{"item/update returns nothing unknown", func(b *bed) {
		_, err := b.client.UpdateItem(b.ctx, &sdk.UpdateItemInput{TableName: b.simple(), Key: pk("a"), ReturnValues: "SOME"})
		b.refused(err, "ValidationException")
	}},
}
