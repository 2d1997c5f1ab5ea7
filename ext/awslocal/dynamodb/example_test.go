package dynamodb_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/weir-go/weir/ext/awslocal/dynamodb"
)

// A server, and the SDK's own client pointed at it.
func Example() {
	ctx := context.Background()
	srv := dynamodb.New()
	endpoint, err := srv.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	client := sdk.New(sdk.Options{
		BaseEndpoint: &endpoint,
		Region:       "us-east-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "any", SecretAccessKey: "any"}, nil
		}),
	})
	createCounts(ctx, client)
	for range 3 {
		out, err := increment(ctx, client)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(out.Attributes["n"].(*types.AttributeValueMemberN).Value)
	}
	// Output:
	// 1
	// 2
	// 3
}

// An update is applied, its answer is lost, and the SDK sends it again.
func ExampleServer_Fault() {
	ctx := context.Background()
	srv := dynamodb.New()
	client := inProcessClient(srv)
	createCounts(ctx, client)
	srv.Fault(func(r dynamodb.Request) dynamodb.Fault {
		if r.Op == "UpdateItem" && r.N == 1 {
			return dynamodb.Fault{Do: dynamodb.Cut}
		}
		return dynamodb.Fault{}
	})
	out, err := increment(ctx, client)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("counted", out.Attributes["n"].(*types.AttributeValueMemberN).Value, "in", srv.Requests("UpdateItem"), "requests")
	// Output: counted 2 in 2 requests
}

// A read that is not consistent does not see the last write.
func ExampleLag() {
	ctx := context.Background()
	client := inProcessClient(dynamodb.New(dynamodb.Lag(1)))
	createCounts(ctx, client)
	if _, err := increment(ctx, client); err != nil {
		log.Fatal(err)
	}
	for _, consistent := range []bool{false, true} {
		out, err := client.GetItem(ctx, &sdk.GetItemInput{TableName: aws.String("counts"), Key: pk("a"), ConsistentRead: &consistent})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("consistent:", consistent, "found:", out.Item != nil)
	}
	// Output:
	// consistent: false found: false
	// consistent: true found: true
}

// Items expire when the server is told what time it is.
func ExampleServer_Expire() {
	ctx := context.Background()
	srv := dynamodb.New()
	client := inProcessClient(srv)
	createCounts(ctx, client)
	_, err := client.UpdateTimeToLive(ctx, &sdk.UpdateTimeToLiveInput{
		TableName:               aws.String("counts"),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("until"), Enabled: aws.Bool(true)},
	})
	if err != nil {
		log.Fatal(err)
	}
	until := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	_, err = client.PutItem(ctx, &sdk.PutItemInput{TableName: aws.String("counts"), Item: attrs{"pk": str("a"), "until": num(fmt.Sprint(until.Unix()))}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(srv.Expire(until), srv.Expire(until.Add(time.Second)))
	// Output: 0 1
}

// A client that needs no network, for tests in a synctest bubble.
func ExampleServer_Client() {
	srv := dynamodb.New(dynamodb.ConflictOneIn(1, 0))
	client := sdk.New(sdk.Options{
		HTTPClient:   srv.Client(),
		BaseEndpoint: aws.String("http://in.process"), // is not looked up
		Region:       "us-east-1",
		Credentials:  credentials,
	})
	createCounts(context.Background(), client)
	_, err := increment(context.Background(), client)
	fmt.Println(err)
	fmt.Println(srv.Requests("UpdateItem"))
	// Output:
	// operation error DynamoDB: UpdateItem, https response error StatusCode: 400, RequestID: 00000000000000000000000002, TransactionConflictException: Transaction is ongoing for the item
	// 1
}

func inProcessClient(srv *dynamodb.Server) *sdk.Client {
	return sdk.New(sdk.Options{HTTPClient: srv.Client(), BaseEndpoint: aws.String("http://in.process"), Region: "us-east-1", Credentials: credentials})
}

func createCounts(ctx context.Context, client *sdk.Client) {
	_, err := client.CreateTable(ctx, &sdk.CreateTableInput{
		TableName:            aws.String("counts"),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		log.Fatal(err)
	}
}

func increment(ctx context.Context, client *sdk.Client) (*sdk.UpdateItemOutput, error) {
	return client.UpdateItem(ctx, &sdk.UpdateItemInput{
		TableName:                 aws.String("counts"),
		Key:                       attrs{"pk": str("a")},
		UpdateExpression:          aws.String("ADD n :one"),
		ExpressionAttributeValues: attrs{":one": num("1")},
		ReturnValues:              types.ReturnValueAllNew,
	})
}
