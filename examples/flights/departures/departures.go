// Package departures counts the flights that leave an airport: one definition, which the Lambda
// and the worker feed at the same time, and the reader reads.
package departures

import (
	"context"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
)

// Table is where the totals are.
const Table = "flights"

// Flight is one departure.
type Flight struct {
	ID     string `json:"id"`
	Date   string `json:"date"` // as Layout
	Origin string `json:"origin"`
}

// Layout is how Flight.Date is written.
const Layout = "2006/01/02 15:04"

// Departed is when the flight left. The zero time is a flight that does not say so.
func (f Flight) Departed() time.Time {
	t, _ := time.Parse(Layout, f.Date)
	return t
}

// Pipeline counts departures by airport and day. A flight is known by its own number, so it
// counts once however often it is sent, by whichever way.
func Pipeline(client *dynamodb.Client) *pipeline.Pipeline[Flight, int64] {
	return &pipeline.Pipeline[Flight, int64]{
		Name:      "departures",
		Key:       func(f Flight) string { return f.Origin },
		Value:     func(Flight) int64 { return 1 },
		Aggregate: monoid.Count(),
		Window:    pipeline.Daily(0),
		Time:      Flight.Departed,
		ID:        func(f Flight) string { return f.ID },
		StoreIn:   dynamostore.New(client, Table),
	}
}

// Client is of the server at DYNAMODB_ENDPOINT. In AWS it would be dynamodb.NewFromConfig.
func Client() *dynamodb.Client {
	endpoint := os.Getenv("DYNAMODB_ENDPOINT")
	return dynamodb.New(dynamodb.Options{
		Region: "eu-west-1", BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	})
}
