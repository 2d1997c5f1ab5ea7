package jsonplan_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/jsonplan"
)

// order is the payload that bench/ measures everyone with.
type order struct {
	OrderID     string   `json:"orderId"`
	CustomerID  string   `json:"customerId"`
	Region      string   `json:"region"`
	Status      string   `json:"status"`
	Currency    string   `json:"currency"`
	AmountCents int64    `json:"amountCents"`
	Discount    float64  `json:"discount"`
	CreatedAt   int64    `json:"createdAt"`
	Priority    bool     `json:"priority"`
	Poison      bool     `json:"poison"`
	Tags        []string `json:"tags"`
	Items       []item   `json:"items"`
}

type item struct {
	SKU   string  `json:"sku"`
	Qty   int     `json:"qty"`
	Price float64 `json:"price"`
}

// untagged has the fields of order under names that fit the keys only by their letters.
type untagged struct {
	OrderID, CustomerID, Region, Status, Currency string
	AmountCents                                   int64
	Discount                                      float64
	CreatedAt                                     int64
	Priority, Poison                              bool
	Tags                                          []string
	Items                                         []item
}

// few wants little of a text.
type few struct {
	OrderID string `json:"orderId"`
	Poison  bool   `json:"poison"`
}

type numbersOnly struct {
	AmountCents int64   `json:"amountCents"`
	Discount    float64 `json:"discount"`
	CreatedAt   int64   `json:"createdAt"`
}

type holder[T any] struct {
	List []T          `json:"list"`
	Map  map[string]T `json:"map"`
}

// orders returns 100 texts, so that branches are not learnt by heart.
func orders(b *testing.B) [][]byte {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var texts [][]byte
	for range 100 {
		o := order{
			OrderID: fmt.Sprintf("ord-%012x", r.Int64N(1<<48)), CustomerID: fmt.Sprintf("cust-%06d", r.IntN(1000)),
			Region: []string{"eu-west-1", "us-east-1", "ap-southeast-2"}[r.IntN(3)], Status: []string{"CREATED", "PAID", "PACKED"}[r.IntN(3)],
			Currency: []string{"EUR", "USD"}[r.IntN(2)], AmountCents: r.Int64N(1_000_000), Discount: float64(r.IntN(1000)) / 1000,
			CreatedAt: 1767225600000 + r.Int64N(1e9), Priority: r.IntN(4) == 0, Poison: r.IntN(100) == 0,
		}
		for n := r.IntN(3); n >= 0; n-- {
			o.Tags = append(o.Tags, []string{"gift", "express", "b2b", "fragile", "promo-2026", "café"}[r.IntN(6)])
		}
		for n := r.IntN(2); n >= 0; n-- {
			o.Items = append(o.Items, item{fmt.Sprintf("SKU-%08X", r.Uint32()), 1 + r.IntN(9), float64(r.IntN(100000)) / 100})
		}
		text, err := json.Marshal(o)
		if err != nil {
			b.Fatal(err)
		}
		texts = append(texts, text)
	}
	return texts
}

// spaced is a text as Python's json.dumps writes it.
func spaced(texts [][]byte) [][]byte {
	var out [][]byte
	for _, text := range texts {
		s := strings.NewReplacer(`":`, `": `, `,"`, `, "`, `,{`, `, {`).Replace(string(text))
		out = append(out, []byte(s))
	}
	return out
}

// shuffled sorts the keys, since encoding/json writes maps that way.
func shuffled(b *testing.B, texts [][]byte) [][]byte {
	b.Helper()
	var out [][]byte
	for _, text := range texts {
		var m map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			b.Fatal(err)
		}
		t, err := json.Marshal(m)
		if err != nil {
			b.Fatal(err)
		}
		out = append(out, t)
	}
	return out
}

// gathered puts n orders each into one text.
func gathered(texts [][]byte, n int) [][]byte {
	var out [][]byte
	for i := 0; i+n <= len(texts); i += n {
		all := string(texts[i])
		for _, text := range texts[i+1 : i+n] {
			all += "," + string(text)
		}
		out = append(out, []byte(`{"list":[`+all+`]}`))
	}
	return out
}

func BenchmarkDecode(b *testing.B) {
	texts := orders(b)
	b.Run("order", func(b *testing.B) { compare[order](b, texts) })
	b.Run("order-spaced", func(b *testing.B) { compare[order](b, spaced(texts)) })
	b.Run("order-shuffled", func(b *testing.B) { compare[order](b, shuffled(b, texts)) })
	b.Run("order-untagged", func(b *testing.B) { compare[untagged](b, texts) })
	b.Run("order-list=6", func(b *testing.B) { compare[holder[order]](b, gathered(texts, 6)) })
	b.Run("order-list=50", func(b *testing.B) { compare[holder[order]](b, gathered(texts, 50)) })
	b.Run("few", func(b *testing.B) { compare[few](b, texts) })
	b.Run("few-list=6", func(b *testing.B) { compare[holder[few]](b, gathered(texts, 6)) })
	b.Run("numbers", func(b *testing.B) { compare[numbersOnly](b, texts) })
	b.Run("any", func(b *testing.B) { compare[map[string]any](b, texts) })
	b.Run("map", func(b *testing.B) {
		compare[holder[string]](b, [][]byte{[]byte(`{"map":{"env":"prod","team":"orders","region":"eu-west-1","version":"1.2.3"}}`)})
	})
	b.Run("escaped", func(b *testing.B) {
		compare[few](b, [][]byte{[]byte(`{"orderId":"a \"quoted\" caf\u00e9 and\nmore","poison":true}`)})
	})
	b.Run("bad", func(b *testing.B) { compare[few](b, [][]byte{[]byte(`{"orderId":"ord-1","poison":1}`)}) })
}

func compare[T any](b *testing.B, texts [][]byte) {
	size := 0
	for _, text := range texts {
		size += len(text)
	}
	run := func(name string, decode func([]byte, *T) error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size / len(texts)))
			var zero T
			v := new(T)
			for i := 0; b.Loop(); i++ {
				*v = zero
				_ = decode(texts[i%len(texts)], v)
			}
		})
	}
	p := jsonplan.For(reflect.TypeFor[T]())
	s := p.NewScratch()
	run("plan", func(text []byte, v *T) error { return p.Decode(text, v, s) })
	run("encoding-json", func(text []byte, v *T) error { return json.Unmarshal(text, v) })
}
