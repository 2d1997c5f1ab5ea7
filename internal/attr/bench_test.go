package attr_test

import (
	"reflect"
	"testing"

	"github.com/weir-go/weir/internal/attr"
)

const benchItem = `{"id":{"S":"059f36b4-87a3-44ab-83d2-661975830a7d"},"customer":{"S":"c-12345"},"total":{"N":"129.95"},"count":{"N":"3"},` +
	`"paid":{"BOOL":true},"note":{"NULL":true},"tags":{"SS":["new","gift"]},"address":{"M":{"street":{"S":"Main Street 1"},"zip":{"S":"12345"}}},` +
	`"lines":{"L":[{"M":{"sku":{"S":"a-1"},"qty":{"N":"1"}}},{"M":{"sku":{"S":"b-2"},"qty":{"N":"2"}}}]},"blob":{"B":"AAECAwQFBgc="},"ttl":{"N":"1700000000"}}`

type benchOrder struct {
	ID       string  `dynamodbav:"id"`
	Customer string  `dynamodbav:"customer"`
	Total    float64 `dynamodbav:"total"`
	Count    int     `dynamodbav:"count"`
	Paid     bool    `dynamodbav:"paid"`
	Note     *string `dynamodbav:"note"`
	Tags     []string
	Address  struct {
		Street string `dynamodbav:"street"`
		Zip    string `dynamodbav:"zip"`
	} `dynamodbav:"address"`
	Lines []line `dynamodbav:"lines"`
	Blob  []byte `dynamodbav:"blob"`
	TTL   int64  `dynamodbav:"ttl"`
}

func BenchmarkItem(b *testing.B) {
	b.Run("struct", func(b *testing.B) { benchmarkItem[benchOrder](b) })
	b.Run("map", func(b *testing.B) { benchmarkItem[map[string]any](b) })
}

func benchmarkItem[T any](b *testing.B) {
	plan, err := attr.Compile(reflect.TypeFor[T]())
	if err != nil {
		b.Fatal(err)
	}
	var s attr.Reader
	b.SetBytes(int64(len(benchItem)))
	b.ReportAllocs()
	for b.Loop() {
		var dst T
		s.Reset(benchItem)
		if err := plan.Item(&s, reflect.ValueOf(&dst).Elem()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCanonicalKey(b *testing.B) {
	for name, text := range map[string]string{"keys": `{"sk":{"N":"17.50"},"pk":{"S":"059f36b4-87a3-44ab-83d2-661975830a7d"}}`, "item": benchItem} {
		b.Run(name, func(b *testing.B) {
			var s attr.Reader
			var buf []byte
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				s.Reset(text)
				var err error
				if buf, err = attr.CanonicalKey(buf[:0], &s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
