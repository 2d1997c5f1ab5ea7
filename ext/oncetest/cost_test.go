package oncetest

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/weir-go/weir/ext/awslocal/dynamodb"
	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/weirtest"
)

// calls counts what a store is asked for. It is no state.Versioner, as one that wraps another may be.
type calls struct {
	state.Store
	loads, commits int
}

func (c *calls) Load(ctx context.Context, p string, keys []state.Key, consistent bool) ([]state.Row, error) {
	c.loads++
	return c.Store.Load(ctx, p, keys, consistent)
}

func (c *calls) Commit(ctx context.Context, p string, writes []state.Write) error {
	c.commits++
	return c.Store.Commit(ctx, p, writes)
}

// versioned is one that is a state.Versioner.
type versioned struct{ *calls }

func (c versioned) CommitVersions(ctx context.Context, p string, writes []state.Write) ([]uint64, error) {
	c.commits++
	return c.Store.(state.Versioner).CommitVersions(ctx, p, writes)
}

// TestVersions: every store tells its versions, so that a key that runs is not read. One that wraps
// a store costs a read more.
func TestVersions(t *testing.T) {
	all(t, func(t *testing.T, name string, open func() state.Store) {
		told := &calls{Store: open()}
		wrapped := &calls{Store: open()}
		for _, c := range []struct {
			id    string
			in    state.Store
			calls *calls
			loads int
		}{{"told", versioned{told}, told, 0}, {"wrapped", wrapped, wrapped, 1}} {
			runs := 0
			do := once.Do(once.New(name, c.in), order.key, func(context.Context, order) error { runs++; return nil })
			if err := do(t.Context(), order{c.id}); err != nil {
				t.Fatal(err)
			}
			if c.calls.loads != c.loads || c.calls.commits != 2 {
				t.Errorf("%s: %d loads and %d commits, want %d and 2", c.id, c.calls.loads, c.calls.commits, c.loads)
			}
			if err := do(t.Context(), order{c.id}); err != nil || runs != 1 {
				t.Errorf("%s: %d runs, %v", c.id, runs, err)
			}
		}
	})
}

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
