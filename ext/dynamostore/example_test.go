package dynamostore_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/awslocal/dynamodb"
	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/weirtest"
)

// local is the client of a server in this process. In a function it is
// dynamodb.NewFromConfig(cfg).
func local() *sdk.Client {
	return sdk.New(sdk.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://dynamodb.invalid"), HTTPClient: dynamodb.New().Client(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "none", SecretAccessKey: "none"}, nil
		}),
	})
}

// Visits per page. The event is delivered twice and counted once.
func Example() {
	ctx := context.Background()
	client := local()
	if err := dynamostore.CreateTable(ctx, client, "weir"); err != nil { // for development
		log.Fatal(err)
	}
	type Visit struct{ Page string }
	visits := &pipeline.Pipeline[Visit, int64]{
		Name:      "visits",
		Key:       func(v Visit) string { return v.Page },
		Value:     func(Visit) int64 { return 1 },
		Aggregate: monoid.Count(),
		StoreIn:   dynamostore.New(client, "weir"),
	}
	lambda := weir.Kinesis(visits)

	event := weirtest.Kinesis(Visit{"/"}, Visit{"/prices"}, Visit{"/"})
	for range 2 {
		if r := weirtest.Run(ctx, lambda, event); r.Err != nil {
			log.Fatal(r.Err)
		}
	}
	home, err := visits.Get(ctx, "/", pipeline.Consistent())
	fmt.Println(home.Value, err)
	// Output: 2 <nil>
}

// A claim is pending until it is confirmed.
func ExampleNewDeduper() {
	ctx := context.Background()
	client := local()
	if err := dynamostore.CreateTable(ctx, client, "claims"); err != nil { // for development
		log.Fatal(err)
	}
	d := dynamostore.NewDeduper(client, "claims")
	names := map[state.Claim]string{state.Claimed: "claimed", state.Done: "done", state.Busy: "busy"}
	show := func(token string) {
		claims, err := d.Claim(ctx, "visits", token, []string{"record-1"}, time.Minute)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(token, names[claims[0]])
	}
	show("first")
	show("second")
	if err := d.Confirm(ctx, "visits", "first", []string{"record-1"}, 24*time.Hour); err != nil {
		log.Fatal(err)
	}
	show("second")
	// Output:
	// first claimed
	// second busy
	// second done
}
