package attrtest

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"github.com/weir-go/weir/internal/attr"
)

const benchItem = `{"id":{"S":"059f36b4-87a3-44ab-83d2-661975830a7d"},"customer":{"S":"c-12345"},"total":{"N":"129.95"},"count":{"N":"3"},` +
	`"paid":{"BOOL":true},"note":{"NULL":true},"tags":{"SS":["new","gift"]},"address":{"M":{"street":{"S":"Main Street 1"},"zip":{"S":"12345"}}},` +
	`"lines":{"L":[{"M":{"sku":{"S":"a-1"},"qty":{"N":"1"}}},{"M":{"sku":{"S":"b-2"},"qty":{"N":"2"}}}]},"blob":{"B":"AAECAwQFBgc="},"ttl":{"N":"1700000000"}}`

type benchOrder struct {
	ID       string   `dynamodbav:"id"`
	Customer string   `dynamodbav:"customer"`
	Total    float64  `dynamodbav:"total"`
	Count    int      `dynamodbav:"count"`
	Paid     bool     `dynamodbav:"paid"`
	Note     *string  `dynamodbav:"note"`
	Tags     []string `dynamodbav:"tags"`
	Address  struct {
		Street string `dynamodbav:"street"`
		Zip    string `dynamodbav:"zip"`
	} `dynamodbav:"address"`
	Lines []struct {
		SKU string `dynamodbav:"sku"`
		Qty int    `dynamodbav:"qty"`
	} `dynamodbav:"lines"`
	Blob []byte `dynamodbav:"blob"`
	TTL  int64  `dynamodbav:"ttl"`
}

// BenchmarkItem goes from JSON to a struct, as a stream's image does.
func BenchmarkItem(b *testing.B) {
	b.Run("weir", func(b *testing.B) {
		plan, err := attr.Compile(reflect.TypeFor[benchOrder]())
		if err != nil {
			b.Fatal(err)
		}
		var s attr.Reader
		b.SetBytes(int64(len(benchItem)))
		b.ReportAllocs()
		for b.Loop() {
			var dst benchOrder
			s.Reset(benchItem)
			if err := plan.Item(&s, reflect.ValueOf(&dst).Elem()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sdk", func(b *testing.B) {
		text := []byte(benchItem)
		b.SetBytes(int64(len(benchItem)))
		b.ReportAllocs()
		for b.Loop() {
			var dst benchOrder
			item, err := attributevalue.UnmarshalMapJSON(text)
			if err == nil {
				err = attributevalue.UnmarshalMap(item, &dst)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
