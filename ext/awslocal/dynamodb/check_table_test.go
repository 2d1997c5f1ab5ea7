package dynamodb_test

import (
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

var tableChecks = []check{
	{"table/create and describe", func(b *bed) {
		name := b.table("S", "N")
		out, err := b.client.DescribeTable(b.ctx, &sdk.DescribeTableInput{TableName: name})
		b.must(err)
		b.equal(*out.Table.TableName, *name)
		b.equal(len(out.Table.KeySchema), 2)
		b.equal(out.Table.BillingModeSummary.BillingMode, types.BillingModePayPerRequest)
		b.equal(*out.Table.ItemCount, 0)
	}},
	{"table/there already", func(b *bed) {
		name := b.simple()
		_, err := b.client.CreateTable(b.ctx, &sdk.CreateTableInput{
			TableName: name, BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: "S"}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}},
		})
		var typed *types.ResourceInUseException
		if !errors.As(err, &typed) {
			b.fail("error is %v", err)
		}
	}},
	{"table/list and delete", func(b *bed) {
		name := b.simple()
		listed := func() bool {
			pages := sdk.NewListTablesPaginator(b.client, &sdk.ListTablesInput{Limit: aws.Int32(3)})
			for pages.HasMorePages() {
				out, err := pages.NextPage(b.ctx)
				b.must(err)
				if slices.Contains(out.TableNames, *name) {
					return true
				}
			}
			return false
		}
		b.equal(listed(), true)
		_, err := b.client.DeleteTable(b.ctx, &sdk.DeleteTableInput{TableName: name})
		b.must(err)
		b.until("the table is gone", func() bool { return !listed() })
	}},
	{"table/none of that name", func(b *bed) {
		none := aws.String(b.name + "-none")
		_, err := b.client.DescribeTable(b.ctx, &sdk.DescribeTableInput{TableName: none})
		b.refused(err, "ResourceNotFoundException")
		_, err = b.client.DeleteTable(b.ctx, &sdk.DeleteTableInput{TableName: none})
		b.refused(err, "ResourceNotFoundException")
		_, err = b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: none, Item: pk("a")})
		b.refused(err, "ResourceNotFoundException")
		_, err = b.client.GetItem(b.ctx, &sdk.GetItemInput{TableName: none, Key: pk("a")})
		b.refused(err, "ResourceNotFoundException")
	}},
	{"table/refused", func(b *bed) {
		def := func(name string, t types.ScalarAttributeType) types.AttributeDefinition {
			return types.AttributeDefinition{AttributeName: &name, AttributeType: t}
		}
		key := func(name string, t types.KeyType) types.KeySchemaElement {
			return types.KeySchemaElement{AttributeName: &name, KeyType: t}
		}
		for _, in := range []sdk.CreateTableInput{
			{TableName: aws.String("ab")},
			{TableName: aws.String("not a name")},
			{KeySchema: []types.KeySchemaElement{key("pk", "RANGE")}},
			{KeySchema: []types.KeySchemaElement{key("pk", "HASH"), key("pk", "RANGE")}},
			{KeySchema: []types.KeySchemaElement{key("other", "HASH")}},
			{AttributeDefinitions: []types.AttributeDefinition{def("pk", "S"), def("unused", "S")}},
			{AttributeDefinitions: []types.AttributeDefinition{def("pk", "BOOL")}},
			{BillingMode: types.BillingModeProvisioned},
		} {
			if in.TableName == nil {
				in.TableName = &b.name
			}
			if in.KeySchema == nil {
				in.KeySchema = []types.KeySchemaElement{key("pk", "HASH")}
			}
			if in.AttributeDefinitions == nil {
				in.AttributeDefinitions = []types.AttributeDefinition{def("pk", "S")}
			}
			if in.BillingMode == "" {
				in.BillingMode = types.BillingModePayPerRequest
			}
			_, err := b.client.CreateTable(b.ctx, &in)
			b.refused(err, "ValidationException")
		}
	}},
}
