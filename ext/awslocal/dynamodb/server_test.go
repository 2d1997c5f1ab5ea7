package dynamodb_test

import (
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/weir-go/weir/ext/awslocal/dynamodb"
)

// inside makes a bed for a server without a network, for use in a bubble.
func inside(t *testing.T, srv *dynamodb.Server) *bed {
	endpoint := "http://in.process"
	return &bed{
		t: t, ctx: t.Context(), name: "weir", expire: func(now time.Time) { srv.Expire(now) },
		client:  sdk.New(sdk.Options{BaseEndpoint: &endpoint, HTTPClient: srv.Client(), Region: "us-east-1", Credentials: credentials}),
		streams: dynamodbstreams.New(dynamodbstreams.Options{BaseEndpoint: &endpoint, HTTPClient: srv.Client(), Region: "us-east-1", Credentials: credentials}),
	}
}

// bubble runs a check against a server of its own, in a bubble.
func bubble(t *testing.T, run func(*bed, *dynamodb.Server), opts ...dynamodb.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := dynamodb.New(opts...)
		if err := inside(t, srv).ask(func(b *bed) { run(b, srv) }); err != nil {
			t.Error(err)
		}
	})
}

// post sends a request as it is.
func post(t *testing.T, srv *dynamodb.Server, target, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://in.process/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", target)
	out, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := out.Header.Get("X-Amz-Crc32"), fmt.Sprint(crc32.ChecksumIEEE(b)); got != want {
		t.Errorf("%s: X-Amz-Crc32 is %s, want %s", target, got, want)
	}
	return out.StatusCode, string(b)
}

func TestRefusesByName(t *testing.T) {
	t.Parallel()
	srv := dynamodb.New()
	table := `"TableName":"tab","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"`
	if status, body := post(t, srv, "DynamoDB_20120810.CreateTable", "{"+table+"}"); status != http.StatusOK {
		t.Fatal(body)
	}
	deep := strings.Repeat(`{"L":[`, 40) + `{"NULL":true}` + strings.Repeat(`]}`, 40)
	for _, tt := range []struct{ target, body, code, text string }{
		{"", "{}", "UnknownOperationException", `operation \"\"`},
		{"DynamoDB_20120810.ExecuteStatement", "{}", "UnknownOperationException", "DynamoDB_20120810.ExecuteStatement"},
		{"DynamoDB_20111205.GetItem", "{}", "UnknownOperationException", "DynamoDB_20111205.GetItem"},
		{"DynamoDB_20120810.GetRecords", "{}", "UnknownOperationException", "GetRecords"},
		{"DynamoDB_20120810.PutItem", `{"TableName":"tab","Item":{},"Expected":{}}`, "ValidationException", `does not support the parameter \"Expected\"`},
		{"DynamoDB_20120810.UpdateItem", `{"TableName":"tab","Key":{},"AttributeUpdates":{}}`, "ValidationException", `does not support the parameter \"AttributeUpdates\"`},
		{"DynamoDB_20120810.CreateTable", "{" + table + `,"GlobalSecondaryIndexes":[{}]}`, "ValidationException", "no secondary indexes"},
		{"DynamoDB_20120810.CreateTable", "{" + table + `,"LocalSecondaryIndexes":[{}]}`, "ValidationException", "no secondary indexes"},
		{"DynamoDB_20120810.CreateTable", "{" + table + `,"TableClass":"STANDARD"}`, "ValidationException", `\"TableClass\"`},
		{"DynamoDB_20120810.PutItem", `{`, "SerializationException", "unexpected EOF"},
		{"DynamoDB_20120810.PutItem", ``, "SerializationException", "EOF"},
		{"DynamoDB_20120810.PutItem", `{"TableName":1}`, "SerializationException", "TableName"},
		{"DynamoDB_20120810.PutItem", `{"TableName":"tab","Item":{"pk":{"S":"` + "\xff" + `"}}}`, "SerializationException", "UTF-8"},
		{"DynamoDB_20120810.PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"},"n":{"N":1}}}`, "SerializationException", ""},
		{"DynamoDB_20120810.PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"},"n":{}}}`, "ValidationException", "must contain exactly one"},
		{"DynamoDB_20120810.PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a","N":"1"}}}`, "ValidationException", "more than one datatypes"},
		{"DynamoDB_20120810.PutItem", `{"TableName":"tab","Item":{"pk":{"X":"a"}}}`, "ValidationException", "X is none"},
		{"DynamoDB_20120810.PutItem", `{"TableName":"tab","Item":{"pk":null}}`, "ValidationException", "empty"},
		{"DynamoDB_20120810.PutItem", `{"TableName":"tab","Item":{"pk":{"S":null}}}`, "ValidationException", "empty"},
		{"DynamoDB_20120810.PutItem", `{"TableName":"tab","Item":{"pk":{"B":"%"}}}`, "SerializationException", "base64"},
		{"DynamoDB_20120810.PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"},"d":` + deep + `}}`, "ValidationException", "Nesting Levels"},
		{"DynamoDB_20120810.PutItem", strings.Repeat("[", 1<<20), "ValidationException", "Nesting Levels"},
		{"DynamoDB_20120810.PutItem", strings.Repeat(" ", 16<<20+1), "ValidationException", "too large"},
		{"DynamoDB_20120810.GetItem", `{"TableName":"tab","Key":{"pk":{"S":"a"}}} {}`, "SerializationException", "behind"},
		{"DynamoDBStreams_20120810.GetRecords", `{"ShardIterator":""}`, "ValidationException", "Invalid ShardIterator"},
	} {
		status, body := post(t, srv, tt.target, tt.body)
		if status != http.StatusBadRequest || !strings.Contains(body, "#"+tt.code+`"`) || !strings.Contains(body, tt.text) {
			t.Errorf("%s %.200s: %d %s, want %s with %q", tt.target, tt.body, status, body, tt.code, tt.text)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://in.process/", nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if out.StatusCode != http.StatusBadRequest {
		t.Errorf("GET is answered with %s", out.Status)
	}
}

// Parameters that are out of range, or that contradict each other.
func TestRefusesParameters(t *testing.T) {
	t.Parallel()
	srv := dynamodb.New()
	const key = `"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]`
	if status, body := post(t, srv, "DynamoDB_20120810.CreateTable", `{"TableName":"tab",`+key+`,"BillingMode":"PAY_PER_REQUEST"}`); status != http.StatusOK {
		t.Fatal(body)
	}
	const table = `"TableName":"tab",`
	const item = table + `"Item":{"pk":{"S":"a"}}`
	for _, tt := range []struct{ op, body, text string }{
		{"CreateTable", `"TableName":"other",` + key + `,"BillingMode":"FREE"`, "BillingMode"},
		{"CreateTable", `"TableName":"other",` + key + `,"BillingMode":"PAY_PER_REQUEST","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`, "Neither ReadCapacityUnits"},
		{"CreateTable", `"TableName":"other",` + key + `,"ProvisionedThroughput":{"ReadCapacityUnits":0,"WriteCapacityUnits":1}`, "at least 1"},
		{"CreateTable", `"TableName":"other",` + key + `,"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true}`, "StreamViewType"},
		{"CreateTable", `"TableName":"other",` + key + `,"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":false,"StreamViewType":"KEYS_ONLY"}`, "StreamEnabled"},
		{"CreateTable", `"TableName":"other",` + key + `,"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"ALL"}`, `\"ALL\"`},
		{"ListTables", `"Limit":0`, "Limit must be 1 to 100"},
		{"ListTables", `"Limit":101`, "Limit must be 1 to 100"},
		{"PutItem", item + `,"ReturnConsumedCapacity":"ALL"`, "ReturnConsumedCapacity"},
		{"PutItem", item + `,"ReturnItemCollectionMetrics":"ALL"`, "ReturnItemCollectionMetrics"},
		{"PutItem", item + `,"ReturnValuesOnConditionCheckFailure":"ALL_NEW"`, "ReturnValuesOnConditionCheckFailure"},
		{"PutItem", table + `"Item":{"pk":{"S":"a"},"":{"S":"a"}}`, "must not be empty"},
		{"PutItem", item + `,"ConditionExpression":"attribute_exists(#a)","ExpressionAttributeNames":{"#a":""}`, "invalid value"},
		{"GetItem", table + `"Key":{"pk":{"S":"a"}},"ReturnConsumedCapacity":"ALL"`, "ReturnConsumedCapacity"},
		{"Query", table + `"Limit":1`, "KeyConditionExpression must be specified"},
		{"Scan", table + `"Select":"SOME"`, "Select"},
		{"Scan", table + `"Select":"SPECIFIC_ATTRIBUTES"`, "ProjectionExpression"},
		{"Scan", table + `"Segment":-1,"TotalSegments":2`, "Segment"},
		{"Scan", table + `"Segment":0,"TotalSegments":1000001`, "TotalSegments"},
		{"TransactWriteItems", `"TransactItems":[]`, "1 to 100 entries"},
		{"TransactWriteItems", `"TransactItems":[{"Update":{` + table + `"Key":{"pk":{"S":"a"}}}}]`, "UpdateExpression"},
		{"TransactWriteItems", `"TransactItems":[{"ConditionCheck":{` + table + `"Key":{"pk":{"S":"a"}}}}]`, "ConditionExpression"},
		{"TransactGetItems", `"TransactItems":[{}]`, "entry 0 has no Get"},
		{"TransactGetItems", `"TransactItems":[]`, "1 to 100 entries"},
		{"UpdateTimeToLive", table + `"TimeToLiveSpecification":{"AttributeName":"a"}`, "AttributeName and Enabled"},
		{"UpdateTimeToLive", table + `"TimeToLiveSpecification":{"AttributeName":"","Enabled":true}`, "1 to 255 bytes"},
		{"BatchGetItem", `"RequestItems":{}`, "must not be empty"},
		{"BatchWriteItem", `"RequestItems":{}`, "must not be empty"},
	} {
		status, body := post(t, srv, "DynamoDB_20120810."+tt.op, "{"+tt.body+"}")
		if status != http.StatusBadRequest || !strings.Contains(body, "#ValidationException") || !strings.Contains(body, tt.text) {
			t.Errorf("%s %s: %d %s, want it to say %q", tt.op, tt.body, status, body, tt.text)
		}
	}
}

func TestStartAndClose(t *testing.T) {
	t.Parallel()
	srv := dynamodb.New()
	for range 2 {
		endpoint, err := srv.Start()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := srv.Start(); err == nil {
			t.Error("a second Start while the first one is served is no error")
		}
		b := newBed(t, endpoint, "weir")
		if _, err := b.client.ListTables(b.ctx, nil); err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := srv.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := b.client.ListTables(b.ctx, nil, func(o *sdk.Options) { o.RetryMaxAttempts = 1 }); err == nil {
			t.Error("the server answers after Close")
		}
	}
}

func TestSlowTables(t *testing.T) {
	t.Parallel()
	bubble(t, func(b *bed, _ *dynamodb.Server) {
		begin := time.Now()
		made := make(chan *string, 1)
		go func() { made <- b.table("S", "") }()
		time.Sleep(time.Second)
		_, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: aws.String("weir-0"), Item: pk("a")})
		b.refused(err, "ResourceNotFoundException")
		_, err = b.client.DeleteTable(b.ctx, &sdk.DeleteTableInput{TableName: aws.String("weir-0")})
		b.refused(err, "ResourceInUseException")
		t1 := <-made
		if d := time.Since(begin); d < 3*time.Second || d > 4*time.Second {
			b.fail("%s was active after %v", *t1, d)
		}
		b.put(t1, pk("a"))
	}, dynamodb.SlowTables(3*time.Second))
}

func TestProtectedTable(t *testing.T) {
	t.Parallel()
	bubble(t, func(b *bed, _ *dynamodb.Server) {
		name := b.table("S", "", func(in *sdk.CreateTableInput) {
			in.DeletionProtectionEnabled = aws.Bool(true)
			in.BillingMode = types.BillingModeProvisioned
			in.ProvisionedThroughput = &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(6)}
		})
		_, err := b.client.DeleteTable(b.ctx, &sdk.DeleteTableInput{TableName: name})
		b.refused(err, "ValidationException", "protected")
		out, err := b.client.DescribeTable(b.ctx, &sdk.DescribeTableInput{TableName: name})
		b.must(err)
		b.equal(*out.Table.ProvisionedThroughput.WriteCapacityUnits, 6)
		b.equal(out.Table.BillingModeSummary == nil, true)
	})
}

func TestTokensLastTenMinutes(t *testing.T) {
	t.Parallel()
	bubble(t, func(b *bed, _ *dynamodb.Server) {
		table := b.simple()
		in := &sdk.TransactWriteItemsInput{ClientRequestToken: aws.String("token"), TransactItems: []types.TransactWriteItem{adding(table, "a", "1")}}
		for _, step := range []struct {
			wait time.Duration
			sum  string
		}{{0, "1"}, {9*time.Minute + 59*time.Second, "1"}, {time.Second, "2"}, {9 * time.Minute, "2"}} {
			time.Sleep(step.wait)
			_, err := b.client.TransactWriteItems(b.ctx, in)
			b.must(err)
			b.holds(table, attrs{"pk": str("a"), "n": num(step.sum)})
		}
	})
}

func TestStreamsForget(t *testing.T) {
	t.Parallel()
	bubble(t, func(b *bed, _ *dynamodb.Server) {
		table, arn, shard := b.streamed("KEYS_ONLY")
		b.put(table, pk("a"))
		records, _ := b.records(b.iterator(arn, shard, "TRIM_HORIZON", nil), 1)
		first := records[0].Dynamodb.SequenceNumber
		old := b.iterator(arn, shard, "AT_SEQUENCE_NUMBER", first)
		time.Sleep(15*time.Minute + time.Second)
		_, err := b.streams.GetRecords(b.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: old})
		b.refused(err, "ExpiredIteratorException")
		b.put(table, pk("b"))
		time.Sleep(24*time.Hour - 10*time.Minute)
		_, err = b.streams.GetShardIterator(b.ctx, &dynamodbstreams.GetShardIteratorInput{StreamArn: arn, ShardId: shard, ShardIteratorType: "AT_SEQUENCE_NUMBER", SequenceNumber: first})
		b.refused(err, "TrimmedDataAccessException")
		records, _ = b.records(b.iterator(arn, shard, "TRIM_HORIZON", nil), 1)
		b.equal(brief(records[0]), "INSERT b ->-")
		last := b.iterator(arn, shard, "AT_SEQUENCE_NUMBER", records[0].Dynamodb.SequenceNumber)
		time.Sleep(10 * time.Minute)
		_, err = b.streams.GetRecords(b.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: last})
		b.refused(err, "TrimmedDataAccessException")
	})
}
