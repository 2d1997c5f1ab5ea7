package oncetest

import (
	"context"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/weir-go/weir/ext/awslocal/dynamodb"
	"github.com/weir-go/weir/ext/boltstore"
	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/ext/pgstore"
	"github.com/weir-go/weir/ext/redisstore"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"go.etcd.io/bbolt"
)

// server is where a store's rows are. Each call of what it returns is a client of its own, at any
// address that leads there.
type server struct {
	addr   string
	open   func(t *testing.T, addr string) state.Store
	answer []byte // in each answer to a Commit that was applied
}

// servers are those that can be reached over a network.
var servers = map[string]func(t *testing.T) server{
	"DynamoDB": func(t *testing.T) server {
		srv := dynamodb.New()
		endpoint, err := srv.Start()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := srv.Close(); err != nil {
				t.Error(err)
			}
		})
		return dynamoDB(t, endpoint)
	},
	"dynalite": func(t *testing.T) server {
		return dynamoDB(t, environment(t, "WEIR_DYNALITE", "dynalite 4567"))
	},
	"Redis": func(t *testing.T) server {
		return server{environment(t, "WEIR_REDIS", "redis 6391"), func(t *testing.T, addr string) state.Store {
			c := redis.NewClient(&redis.Options{Addr: addr})
			t.Cleanup(func() { c.Close() })
			return redisstore.New(c)
		}, []byte("*2\r\n:1\r\n")}
	},
	"PostgreSQL": postgreSQL,
}

// stores make a store that several processes use, and what each of them opens it by.
var stores = map[string]func(t *testing.T) (open func() state.Store){
	"memory": func(*testing.T) func() state.Store {
		s := mem.New()
		return func() state.Store { return s }
	},
	"bbolt": func(t *testing.T) func() state.Store {
		db, err := bbolt.Open(filepath.Join(t.TempDir(), "once.db"), 0o600, &bbolt.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return func() state.Store {
			s, err := boltstore.New(db)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	},
}

// all runs a test on all stores.
func all(t *testing.T, test func(t *testing.T, name string, open func() state.Store)) {
	t.Parallel()
	for name, of := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, own(), of(t))
		})
	}
	for name, of := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := of(t)
			test(t, own(), func() state.Store { return s.open(t, s.addr) })
		})
	}
}

func environment(t *testing.T, name, serve string) string {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		t.Skipf("%s is not set: start a server with .ci/serve.sh %s, and set it to what that prints", name, serve)
	}
	return v
}

// own returns a name that nothing else on the server has.
func own() string { return "oncetest" + strconv.FormatUint(rand.Uint64(), 36) }

func dynamoDB(t *testing.T, endpoint string) server {
	t.Helper()
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	table := own()
	client := func(addr string) *sdk.Client {
		return sdk.New(sdk.Options{
			Region: "us-east-1", BaseEndpoint: new("http://" + addr), Retryer: retry.AddWithMaxBackoffDelay(retry.NewStandard(), 20*time.Millisecond),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
			}),
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = client(u.Host).CreateTable(ctx, tableInput(table))
	for err == nil {
		var out *sdk.DescribeTableOutput
		if out, err = client(u.Host).DescribeTable(ctx, &sdk.DescribeTableInput{TableName: &table}); err == nil && out.Table.TableStatus == "ACTIVE" {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return server{u.Host, func(_ *testing.T, addr string) state.Store { return dynamostore.New(client(addr), table) }, []byte("200 OK")}
}

func postgreSQL(t *testing.T) server {
	dsn := environment(t, "WEIR_POSTGRES", "postgres 5491")
	pool := func(t *testing.T, addr string) *pgxpool.Pool {
		c, err := pgxpool.ParseConfig(dsn)
		if err != nil {
			t.Fatal(err)
		}
		if addr != "" {
			host, port, err := net.SplitHostPort(addr)
			if err != nil {
				t.Fatal(err)
			}
			n, err := strconv.ParseUint(port, 10, 16)
			if err != nil {
				t.Fatal(err)
			}
			c.ConnConfig.Host, c.ConnConfig.Port = host, uint16(n)
		}
		c.MaxConns = 2
		p, err := pgxpool.NewWithConfig(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
		return p
	}
	direct, name := pool(t, ""), own()
	table := pgstore.Table(name)
	if err := pgstore.CreateTable(t.Context(), direct, table); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := direct.Exec(context.Background(), "DROP TABLE IF EXISTS "+pgx.Identifier{name}.Sanitize()); err != nil {
			t.Error(err)
		}
	})
	c := direct.Config().ConnConfig
	return server{net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))), func(t *testing.T, addr string) state.Store {
		return pgstore.New(pool(t, addr), table)
	}, []byte("Z\x00\x00\x00\x05I")} // ready for another query, in no transaction
}

// tableInput is a table as dynamostore.CreateTable makes it, without time to live, which dynalite lacks.
func tableInput(table string) *sdk.CreateTableInput {
	return &sdk.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest,
		KeySchema: []types.KeySchemaElement{
			{AttributeName: new("k"), KeyType: types.KeyTypeHash}, {AttributeName: new("a"), KeyType: types.KeyTypeRange},
		},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: new("k"), AttributeType: types.ScalarAttributeTypeB}, {AttributeName: new("a"), AttributeType: types.ScalarAttributeTypeN},
		},
	}
}
