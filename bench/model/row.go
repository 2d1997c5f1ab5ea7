package model

import "fmt"

// Row is the item of a DynamoDB record.
type Row struct {
	PK          string   `dynamodbav:"pk"`
	SK          string   `dynamodbav:"sk"`
	Status      string   `dynamodbav:"status"`
	AmountCents int64    `dynamodbav:"amountCents"`
	Discount    float64  `dynamodbav:"discount"`
	Priority    bool     `dynamodbav:"priority"`
	Poison      bool     `dynamodbav:"poison"`
	Tags        []string `dynamodbav:"tags"`
	Address     Address  `dynamodbav:"address"`
	Thumb       []byte   `dynamodbav:"thumb"`
	Version     int64    `dynamodbav:"version"`
}

// Address is a map within a Row.
type Address struct {
	City string    `dynamodbav:"city"`
	Zip  string    `dynamodbav:"zip"`
	Geo  []float64 `dynamodbav:"geo"`
}

// HandleRow does nothing with a row but refuse the poisoned.
func HandleRow(r *Row) error {
	if r.Poison {
		return fmt.Errorf("row %s rejected", r.SK)
	}
	return nil
}
