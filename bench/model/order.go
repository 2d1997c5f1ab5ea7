// Package model is the work that every peer does: what a record decodes into, and the
// handler that gets it. Record i of a batch is poison, and fails, if i % 100 == 57.
package model

import (
	"context"
	"fmt"
)

// Order is the payload of an SQS or Kinesis record: 316 bytes of JSON on average.
type Order struct {
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
	Items       []Item   `json:"items"`
}

// Item is one line of an Order.
type Item struct {
	SKU   string  `json:"sku"`
	Qty   int     `json:"qty"`
	Price float64 `json:"price"`
}

// Handle does nothing with an order but refuse the poisoned.
func Handle(_ context.Context, o Order) error {
	if o.Poison {
		return fmt.Errorf("order %s rejected", o.OrderID)
	}
	return nil
}
