package dynamostore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/weir-go/weir/state"
)

// An item has these attributes. Their names are short, since they are stored with each.
//
//	k B  'r', the pipeline's name with its length before it, the kind, the row's name; or
//	     'c' and so on, for a claim
//	a N  At
//	v N  Version
//	n N  the data, if they are a decimal int64 as strconv.FormatInt writes it
//	d B  the data, if they are something else
//	x N  Expires, in seconds since 1970; none for never
const (
	tagRow   = 'r'
	tagClaim = 'c'
)

func appendScope(dst []byte, tag byte, scope string) []byte {
	return append(binary.AppendUvarint(append(dst, tag), uint64(len(scope))), scope...)
}

// appendKind appends what the keys of all rows of a kind start with, and no others.
func appendKind(dst []byte, pipeline string, kind state.Kind) []byte {
	return append(appendScope(dst, tagRow, pipeline), byte(kind))
}

func appendName(dst []byte, pipeline string, k state.Key) []byte {
	return append(appendKind(dst, pipeline, k.Kind), k.Name...)
}

func keyOf(pipeline string, k state.Key) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"k": blob(appendName(nil, pipeline, k)), "a": integer(k.At)}
}

func blob(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }

func integer(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// number returns a number attribute as DynamoDB writes it.
func number(it map[string]types.AttributeValue, name string) (string, bool) {
	n, ok := it[name].(*types.AttributeValueMemberN)
	if !ok {
		return "", false
	}
	return n.Value, true
}

// rowOf reads an item, which has to have data if they were asked for.
func rowOf(pipeline string, it map[string]types.AttributeValue, data bool) (row state.Row, err error) {
	k, ok := it["k"].(*types.AttributeValueMemberB)
	pre := appendScope(nil, tagRow, pipeline)
	if !ok || len(k.Value) <= len(pre) || !bytes.HasPrefix(k.Value, pre) {
		return row, errors.New("the table answered with an item that is not the pipeline's")
	}
	row.Kind, row.Name = state.Kind(k.Value[len(pre)]), string(k.Value[len(pre)+1:])
	damaged := func(attribute string) (state.Row, error) {
		return state.Row{}, fmt.Errorf("the row %s is damaged: its attribute %s cannot be read", text(row.Key), attribute)
	}
	at, _ := number(it, "a")
	if row.At, err = strconv.ParseInt(at, 10, 64); err != nil {
		return damaged("a")
	}
	version, _ := number(it, "v")
	if row.Version, err = strconv.ParseUint(version, 10, 64); err != nil || row.Version == 0 {
		return damaged("v")
	}
	if x, ok := number(it, "x"); ok {
		seconds, err := strconv.ParseInt(x, 10, 64)
		if err != nil {
			return damaged("x")
		}
		row.Expires = time.Unix(seconds, 0).UTC()
	}
	if n, ok := number(it, "n"); ok {
		v, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			return damaged("n")
		}
		row.Data = strconv.AppendInt(nil, v, 10)
	} else if d, ok := it["d"].(*types.AttributeValueMemberB); ok {
		row.Data = d.Value
	} else if data {
		return damaged("d")
	}
	return row, nil
}

// isNumber says whether data can be added to.
func isNumber(data []byte) bool {
	const longest = len("-9223372036854775808")
	if len(data) == 0 || len(data) > longest {
		return false
	}
	n, err := strconv.ParseInt(string(data), 10, 64)
	var again [longest]byte
	return err == nil && bytes.Equal(strconv.AppendInt(again[:0], n, 10), data)
}

// TableClient is what CreateTable asks of a *dynamodb.Client.
type TableClient interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error)
	UpdateTimeToLive(context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error)
}

// CreateTable creates a table, billed by request, unless there is one, waits until it can be
// used, and enables its time to live. It is for tests and development. In production, create
// tables by whatever creates the rest, with the hash key k (B), the range key a (N), and time to
// live by x.
func CreateTable(ctx context.Context, client TableClient, table string) error {
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest,
		KeySchema: []types.KeySchemaElement{
			{AttributeName: new("k"), KeyType: types.KeyTypeHash}, {AttributeName: new("a"), KeyType: types.KeyTypeRange},
		},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: new("k"), AttributeType: types.ScalarAttributeTypeB}, {AttributeName: new("a"), AttributeType: types.ScalarAttributeTypeN},
		},
	})
	if _, exists := errors.AsType[*types.ResourceInUseException](err); err == nil || exists {
		err = ready(ctx, client, table)
	}
	if err != nil {
		return fmt.Errorf("dynamostore: create table %q: %w", table, err)
	}
	return nil
}

// ready waits until a table is there, checks it, and enables its time to live.
func ready(ctx context.Context, client TableClient, table string) error {
	for waits := 0; ; waits++ {
		out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
		if _, early := errors.AsType[*types.ResourceNotFoundException](err); early && waits < 10 {
			err = nil // it may take a moment until a new table is heard of
		} else if err == nil {
			err = checkSchema(out.Table)
		}
		if err != nil {
			return err
		}
		if out != nil && out.Table.TableStatus == types.TableStatusActive {
			break
		}
		if err := pause(ctx, min(waits, 6)); err != nil {
			return err
		}
	}
	ttl, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &table})
	if err != nil {
		return err
	}
	if d := ttl.TimeToLiveDescription; d != nil {
		switch d.TimeToLiveStatus {
		case types.TimeToLiveStatusEnabled, types.TimeToLiveStatusEnabling:
			if d.AttributeName == nil || *d.AttributeName != "x" {
				return errors.New(`its time to live goes by another attribute than "x"`)
			}
			return nil
		}
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: &table, TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: new("x"), Enabled: new(true)},
	})
	return err
}

func checkSchema(t *types.TableDescription) error {
	is := map[string]string{}
	for _, a := range t.AttributeDefinitions {
		is[*a.AttributeName] = string(a.AttributeType)
	}
	for _, k := range t.KeySchema {
		is[*k.AttributeName] += " " + string(k.KeyType)
	}
	if len(t.KeySchema) != 2 || is["k"] != "B HASH" || is["a"] != "N RANGE" {
		return errors.New("it exists, with other keys than k (B, hash) and a (N, range): take another table")
	}
	return nil
}
