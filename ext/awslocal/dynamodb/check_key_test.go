package dynamodb_test

import (
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// keyChecks ask which keys are taken.
func keyChecks() []check {
	type row struct {
		hash, sort types.ScalarAttributeType
		key        attrs
		put, get   string // the refusals' messages; "" is for taken
	}
	const mismatch = "The provided key element does not match the schema"
	rows := map[string]row{
		"string":             {"S", "", attrs{"pk": str("a")}, "", ""},
		"number":             {"N", "", attrs{"pk": num("1.50")}, "", ""},
		"binary":             {"B", "", attrs{"pk": bin("\xff")}, "", ""},
		"both":               {"S", "N", attrs{"pk": str("a"), "sk": num("-1")}, "", ""},
		"2048 bytes":         {"S", "", attrs{"pk": str(strings.Repeat("x", 2048))}, "", ""},
		"1024 bytes to sort": {"S", "S", attrs{"pk": str("a"), "sk": str(strings.Repeat("x", 1024))}, "", ""},
		"missing":            {"S", "", attrs{"x": str("a")}, "Missing the key pk in the item", mismatch},
		"sort key missing":   {"S", "S", attrs{"pk": str("a")}, "Missing the key sk in the item", mismatch},
		"of another type":    {"S", "", attrs{"pk": num("1")}, "Type mismatch for key pk expected: S actual: N", mismatch},
		"empty string":       {"S", "", attrs{"pk": str("")}, "The AttributeValue for a key attribute cannot contain an empty string value. Key: pk", "cannot contain an empty string value. Key: pk"},
		"empty sort key":     {"S", "S", attrs{"pk": str("a"), "sk": str("")}, "cannot contain an empty string value. Key: sk", "cannot contain an empty string value. Key: sk"},
		"empty binary":       {"B", "", attrs{"pk": bin("")}, "cannot contain an empty binary value. Key: pk", "cannot contain an empty binary value. Key: pk"},
		"2049 bytes":         {"S", "", attrs{"pk": str(strings.Repeat("x", 2049))}, "Size of hashkey has exceeded the maximum size limit of2048 bytes", "Size of hashkey"},
		"1025 bytes to sort": {"S", "S", attrs{"pk": str("a"), "sk": str(strings.Repeat("x", 1025))}, "Aggregated size of all range keys has exceeded the size limit of 1024 bytes", "Aggregated size"},
	}
	var all []check
	for name, r := range rows {
		all = append(all, check{"key/" + name, func(b *bed) {
			t := b.table(r.hash, r.sort)
			_, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: t, Item: with(r.key, attrs{"v": num("1")})})
			_, err2 := b.client.GetItem(b.ctx, &sdk.GetItemInput{TableName: t, Key: r.key})
			_, err3 := b.client.DeleteItem(b.ctx, &sdk.DeleteItemInput{TableName: t, Key: r.key})
			_, err4 := b.client.UpdateItem(b.ctx, &sdk.UpdateItemInput{TableName: t, Key: r.key})
			if r.put != "" {
				b.refused(err, "ValidationException", r.put)
				for _, err := range []error{err2, err3, err4} {
					b.refused(err, "ValidationException", r.get)
				}
				return
			}
			for _, err := range []error{err, err2, err3, err4} {
				b.must(err)
			}
		}})
	}
	return append(all,
		check{"key/more than the key", func(b *bed) {
			_, err := b.client.GetItem(b.ctx, &sdk.GetItemInput{TableName: b.simple(), Key: attrs{"pk": str("a"), "x": str("b")}})
			b.refused(err, "ValidationException", mismatch)
		}},
		check{"key/one number in two forms", func(b *bed) {
			t := b.table("N", "")
			b.put(t, attrs{"pk": num("1.0"), "x": num("1")})
			b.put(t, attrs{"pk": num("10e-1"), "x": num("2")})
			b.equal(shown(b.get(t, attrs{"pk": num("1")})), "{pk:1 x:2}")
		}})
}
