package oncetest

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/weir-go/weir/ext/awslocal/dynamodb"
	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/weirtest"
)

// TestDynamoDBCost: a key that runs costs two PutItem. Those of a batch that are known cost one
// BatchGetItem for all of them.
func TestDynamoDBCost(t *testing.T) {
	t.Parallel()
	srv := dynamodb.New()
	endpoint := "http://dynamodb.invalid"
	client := sdk.New(sdk.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint, HTTPClient: srv.Client(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	if err := dynamostore.CreateTable(t.Context(), client, "once"); err != nil {
		t.Fatal(err)
	}
	l := process("f", dynamostore.New(client, "once"), func(context.Context, order) error { return nil })
	var was [3]int
	for _, c := range []struct {
		about  string
		orders []any
		want   [3]int // PutItem, BatchGetItem, TransactWriteItems
	}{
		{"one", []any{order{"a"}}, [3]int{2, 0, 0}},
		{"the same", []any{order{"a"}}, [3]int{1, 1, 0}},
		{"it and two others", []any{order{"a"}, order{"b"}, order{"c"}}, [3]int{4, 1, 0}},
		{"all known", []any{order{"a"}, order{"b"}, order{"c"}}, [3]int{0, 1, 0}},
	} {
		r := invoke(t, l, c.orders...)
		for _, o := range r.Records {
			if o.State != weirtest.Succeeded {
				t.Fatal(o.Err)
			}
		}
		is := [3]int{srv.Requests("PutItem"), srv.Requests("BatchGetItem"), srv.Requests("TransactWriteItems")}
		if got := [3]int{is[0] - was[0], is[1] - was[1], is[2] - was[2]}; got != c.want {
			t.Errorf("%s: %v requests, want %v", c.about, got, c.want)
		}
		was = is
	}
}
