package dynamodb_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/weir-go/weir/ext/awslocal/dynamodb"
	"context"
)

func TestSmoke(t *testing.T) {
	srv := dynamodb.New()
	ep, err := srv.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	c := sdk.New(sdk.Options{BaseEndpoint: &ep, Region: "us-east-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
	})})
	S := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	N := func(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
	_, err = c.CreateTable(t.Context(), &sdk.CreateTableInput{TableName: aws.String("tab"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: "S"}, {AttributeName: aws.String("sk"), AttributeType: "N"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: "HASH"}, {AttributeName: aws.String("sk"), KeyType: "RANGE"}}})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	srv.Fault(func(r dynamodb.Request) dynamodb.Fault {
		if r.Op == "TransactWriteItems" && r.N == 1 {
			n++
			return dynamodb.Fault{Do: dynamodb.Cut}
		}
		return dynamodb.Fault{}
	})
	for i := range 3 {
		_, err = c.TransactWriteItems(t.Context(), &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{Update: &types.Update{TableName: aws.String("tab"), Key: map[string]types.AttributeValue{"pk": S("a"), "sk": N("1.50")}, UpdateExpression: aws.String("ADD cnt :o"), ExpressionAttributeValues: map[string]types.AttributeValue{":o": N("1")}}}}})
		if err != nil {
			t.Fatal(i, err)
		}
	}
	o, err := c.Query(t.Context(), &sdk.QueryInput{TableName: aws.String("tab"), KeyConditionExpression: aws.String("pk = :p AND sk BETWEEN :a AND :b"), ReturnConsumedCapacity: "TOTAL", ExpressionAttributeValues: map[string]types.AttributeValue{":p": S("a"), ":a": N("0"), ":b": N("2e0")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(o.Items[0]["cnt"].(*types.AttributeValueMemberN).Value, o.Items[0]["sk"], *o.ConsumedCapacity.CapacityUnits, n, srv.Requests("TransactWriteItems"))
	if n != 1 || srv.Requests("TransactWriteItems") != 4 || o.Items[0]["cnt"].(*types.AttributeValueMemberN).Value != "3" {
		t.Fatal()
	}
}
