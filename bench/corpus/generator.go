package corpus

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/weir-go/weir/bench/model"
)

const epoch = 1767225600 // the start of 2026

var (
	regions    = []string{"eu-west-1", "us-east-1", "ap-southeast-2", "sa-east-1"}
	statuses   = []string{"CREATED", "PAID", "PACKED", "SHIPPED", "RETURNED"}
	currencies = []string{"EUR", "USD", "GBP", "AUD"}
	tags       = []string{"gift", "express", "b2b", "fragile", "promo-2026", "café"}
)

type generator struct{ r *rand.Rand }

func poison(i int) bool { return i%100 == 57 }

func (g *generator) pick(s []string) string { return s[g.r.IntN(len(s))] }

func (g *generator) from(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[g.r.IntN(len(alphabet))]
	}
	return string(b)
}

func (g *generator) hex(n int) string    { return g.from("0123456789abcdef", n) }
func (g *generator) digits(n int) string { return g.from("0123456789", n) }

func (g *generator) uuid() string {
	return fmt.Sprintf("%s-%s-4%s-a%s-%s", g.hex(8), g.hex(4), g.hex(3), g.hex(3), g.hex(12))
}

func (g *generator) base64(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.r.Uint32())
	}
	return base64.StdEncoding.EncodeToString(b)
}

// order is the payload of record i. The customers are a thousand hot keys.
func (g *generator) order(i int) string {
	o := model.Order{
		OrderID:     "ord-" + g.hex(12),
		CustomerID:  fmt.Sprintf("cust-%06d", g.r.IntN(1000)),
		Region:      g.pick(regions),
		Status:      g.pick(statuses),
		Currency:    g.pick(currencies),
		AmountCents: g.r.Int64N(1_000_000),
		Discount:    float64(g.r.IntN(1000)) / 1000,
		CreatedAt:   epoch*1000 + int64(i)*137 + g.r.Int64N(100),
		Priority:    g.r.IntN(4) == 0,
		Poison:      poison(i),
	}
	for range 1 + g.r.IntN(3) {
		o.Tags = append(o.Tags, g.pick(tags))
	}
	for range 1 + g.r.IntN(2) {
		o.Items = append(o.Items, model.Item{SKU: "SKU-" + strings.ToUpper(g.hex(8)), Qty: 1 + g.r.IntN(9), Price: float64(g.r.IntN(100000)) / 100})
	}
	return text(o)
}

// text is v as JSON, without the escapes for HTML, as AWS writes it.
func text(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // strings and orders can always be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}
