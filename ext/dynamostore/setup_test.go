package dynamostore_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/weir-go/weir/ext/awslocal/dynamodb"
	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/state"
)

// endpointVariable may hold the endpoint of another server than the one in process. Tests
// that need faults leave it alone.
const endpointVariable = "WEIR_DYNAMODB_ENDPOINT"

// bed is a table and what reaches it.
type bed struct {
	srv    *dynamodb.Server // nil if it is another one
	client *sdk.Client
	table  string
	store  *dynamostore.Store
}

func newClient(endpoint string, h *http.Client, opts ...func(*sdk.Options)) *sdk.Client {
	o := sdk.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	}
	if h != nil {
		o.HTTPClient = h
	}
	return sdk.New(o, opts...)
}

// inProcess has no network, and lives in the bubble of a synctest.
func inProcess(t testing.TB, opts ...dynamodb.Option) *bed {
	t.Helper()
	srv := dynamodb.New(opts...)
	return bedOf(t, srv, newClient("http://dynamodb.invalid", srv.Client()))
}

// overTCP has connections that can be cut, a fresh one for each attempt.
func overTCP(t testing.TB, opts ...dynamodb.Option) *bed {
	t.Helper()
	srv := dynamodb.New(opts...)
	endpoint, err := srv.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	return bedOf(t, srv, newClient(endpoint, nil))
}

// anywhere is in process, or where the environment says.
func anywhere(t testing.TB) *bed {
	t.Helper()
	if endpoint := os.Getenv(endpointVariable); endpoint != "" {
		return bedOf(t, nil, newClient(endpoint, nil))
	}
	return inProcess(t)
}

func bedOf(t testing.TB, srv *dynamodb.Server, client *sdk.Client) *bed {
	t.Helper()
	table := "weir-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, t.Name()) + time.Now().UTC().Format("-150405.000000")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	if err := dynamostore.CreateTable(ctx, client, table); err != nil {
		t.Fatal(err)
	}
	if srv == nil {
		t.Cleanup(func() {
			if _, err := client.DeleteTable(context.WithoutCancel(t.Context()), &sdk.DeleteTableInput{TableName: &table}); err != nil {
				t.Error(err)
			}
		})
	}
	return &bed{srv, client, table, dynamostore.New(client, table)}
}

// once has the first request of an operation meet a fault.
func (b *bed) once(op string, f dynamodb.Fault) {
	var done sync.Once
	b.srv.Fault(func(r dynamodb.Request) (fault dynamodb.Fault) {
		if r.Op == op {
			done.Do(func() { fault = f })
		}
		return fault
	})
}

// always has all requests of an operation meet a fault.
func (b *bed) always(op string, f dynamodb.Fault) {
	b.srv.Fault(func(r dynamodb.Request) dynamodb.Fault {
		if r.Op == op {
			return f
		}
		return dynamodb.Fault{}
	})
}

func key(name string) state.Key { return state.Key{Kind: state.Value, Name: name} }

func load(t testing.TB, s state.Store, k state.Key) state.Row {
	t.Helper()
	rows, err := s.Load(t.Context(), "p", []state.Key{k}, true)
	if err != nil {
		t.Fatal(err)
	}
	return rows[0]
}

func commit(t testing.TB, s state.Store, writes ...state.Write) {
	t.Helper()
	if err := s.Commit(t.Context(), "p", writes); err != nil {
		t.Fatal(err)
	}
}

// items returns all items of the table.
func (b *bed) items(t testing.TB) []map[string]types.AttributeValue {
	t.Helper()
	out, err := b.client.Scan(t.Context(), &sdk.ScanInput{TableName: &b.table, ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	return out.Items
}
