package dynamostore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/weir-go/weir/ext/awslocal/dynamodb"
	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/state"
)

// TestUnprocessed: what a table does not get to is asked for again.
func TestUnprocessed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inProcess(t)
		var keys []state.Key
		for i := range 250 {
			k := key(strconv.Itoa(i))
			if keys = append(keys, k); i%3 != 0 {
				commit(t, b.store, state.Write{Key: k, Data: []byte{byte(i), 'x'}})
			}
		}
		unprocessed := 0
		b.srv.Fault(func(r dynamodb.Request) dynamodb.Fault {
			left := bytes.Count(r.Body, []byte(`"a":`))
			unprocessed += left / 2
			return dynamodb.Fault{Unprocessed: left / 2}
		})
		rows, err := b.store.Load(t.Context(), "p", keys, true)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rows {
			want := []byte{byte(i), 'x'}
			if i%3 == 0 {
				want = nil
			}
			if r.Key != keys[i] || (r.Version != 0) != (i%3 != 0) || !bytes.Equal(r.Data, want) {
				t.Errorf("row %d: %+v", i, r)
			}
		}
		if n := b.srv.Requests("BatchGetItem"); n < 10 || unprocessed < 200 {
			t.Errorf("%d keys were not processed in %d requests", unprocessed, n)
		}
	})
}

// TestBarren: a table that returns nothing for long is an error, as is one that throttles.
func TestBarren(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inProcess(t)
		s := dynamostore.New(barren{b.client}, b.table)
		if _, err := s.Load(t.Context(), "p", []state.Key{key("k")}, true); err == nil || !strings.Contains(err.Error(), "lacks read capacity") {
			t.Errorf("nothing returned: %v", err)
		}
		b.always("BatchGetItem", dynamodb.Fault{Do: dynamodb.Throttle})
		if _, err := b.store.Load(t.Context(), "p", []state.Key{key("k")}, true); err == nil || errors.Is(err, state.ErrRefused) {
			t.Errorf("throttled: %v", err)
		}
		if n := b.srv.Requests("BatchGetItem"); n != 3 {
			t.Errorf("%d attempts of the SDK, want 3", n)
		}
	})
}

// barren processes nothing, and says so.
type barren struct{ *sdk.Client }

func (barren) BatchGetItem(_ context.Context, in *sdk.BatchGetItemInput, _ ...func(*sdk.Options)) (*sdk.BatchGetItemOutput, error) {
	return &sdk.BatchGetItemOutput{UnprocessedKeys: in.RequestItems}, nil
}

// TestF35_Consistency: reads that need not be consistent may be behind, others never.
func TestF35_Consistency(t *testing.T) {
	t.Parallel()
	b := inProcess(t, dynamodb.Lag(3))
	commit(t, b.store, state.Write{Key: key("k"), Data: []byte("x")})
	for _, consistent := range []bool{false, true} {
		rows, err := b.store.Load(t.Context(), "p", []state.Key{key("k")}, consistent)
		if err != nil {
			t.Fatal(err)
		}
		if found := rows[0].Version != 0; found != consistent {
			t.Errorf("Load, consistent %v: found %v", consistent, found)
		}
		n := 0
		for _, err := range b.store.Range(t.Context(), "p", state.Value, "k", 0, 0, consistent) {
			if n++; err != nil {
				t.Fatal(err)
			}
		}
		if (n == 1) != consistent {
			t.Errorf("Range, consistent %v: %d rows", consistent, n)
		}
	}
	n := 0
	for _, err := range b.store.List(t.Context(), "p", state.Value) {
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	if n != 1 {
		t.Errorf("List: %d rows", n)
	}
}

// TestExpiry: rows have the attribute that DynamoDB deletes them by, and lose it again.
func TestExpiry(t *testing.T) {
	t.Parallel()
	b := inProcess(t)
	at := time.Now().Truncate(time.Second).Add(time.Hour)
	put, sum := key("put"), key("sum")
	commit(t, b.store, state.Write{Key: put, Data: []byte("x"), Expires: at.Add(time.Millisecond)}, state.Write{Key: sum, Add: true, Delta: 1, Expires: at})
	for _, it := range b.items(t) {
		if x, ok := it["x"].(*types.AttributeValueMemberN); !ok || x.Value != strconv.FormatInt(at.Unix(), 10) {
			t.Errorf("x is %#v, want %d", it["x"], at.Unix())
		}
	}
	if r := load(t, b.store, sum); !r.Expires.Equal(at) {
		t.Errorf("expires at %v, want %v", r.Expires, at)
	}
	commit(t, b.store, state.Write{Key: sum, Add: true, Delta: 1})
	if n := b.srv.Expire(at.Add(time.Second)); n != 1 {
		t.Errorf("%d rows deleted, want 1", n)
	}
	if r := load(t, b.store, put); r.Version != 0 {
		t.Errorf("an expired row is there: %+v", r)
	}
	if r := load(t, b.store, sum); string(r.Data) != "2" || !r.Expires.IsZero() {
		t.Errorf("%+v", r)
	}
	was := load(t, b.store, sum)
	commit(t, b.store, state.Write{Key: sum, Version: was.Version, Data: []byte("text"), Expires: at})
	if r := load(t, b.store, sum); string(r.Data) != "text" || !r.Expires.Equal(at) {
		t.Errorf("%+v", r)
	}
}

// odd are names that lead encodings astray.
var odd = []string{
	"", "a", "a\x00", "\x00", "\x00\x00", "\x01", "\x01a", "\xff\xfe", "r", "c", "ab", "é", strings.Repeat("\x00", state.MaxName), strings.Repeat("x", state.MaxName),
}

// TestNames: all names are told apart, in all pipelines, one by one and by Range and List.
func TestNames(t *testing.T) {
	t.Parallel()
	b := anywhere(t)
	ats := []int64{math.MinInt64, -1, 0, 1, math.MaxInt64}
	want := map[string]map[state.Key]string{}
	for _, p := range append(slices.Clone(odd[:len(odd)-2]), strings.Repeat("p", 200)) {
		want[p] = map[state.Key]string{}
		for _, name := range odd {
			for _, kind := range []state.Kind{state.Value, state.Receipt, state.Meta} {
				for _, at := range ats {
					if kind == state.Value || at == 0 {
						want[p][state.Key{Kind: kind, Name: name, At: at}] = fmt.Sprintf("%q %v %q %d", p, kind, name, at)
					}
				}
			}
		}
		var writes []state.Write
		for k, v := range want[p] {
			writes = append(writes, state.Write{Key: k, Data: []byte(v)})
		}
		for some := range slices.Chunk(writes, 100) {
			if err := b.store.Commit(t.Context(), p, some); err != nil {
				t.Fatal(err)
			}
		}
	}
	for p, rows := range want {
		got, err := b.store.Load(t.Context(), p, slices.Collect(maps.Keys(rows)), true)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range got {
			if string(r.Data) != rows[r.Key] {
				t.Errorf("pipeline %q: %+v has %q", p, r.Key, r.Data)
			}
		}
		listed := map[state.Key]bool{}
		for _, kind := range []state.Kind{state.Value, state.Receipt, state.Meta} {
			for r, err := range b.store.List(t.Context(), p, kind) {
				if err != nil {
					t.Fatal(err)
				}
				if listed[r.Key] || r.Kind != kind || r.Data != nil || r.Version == 0 {
					t.Errorf("pipeline %q: listed %+v", p, r)
				}
				listed[r.Key] = true
			}
		}
		for k := range rows {
			if !listed[k] {
				t.Errorf("pipeline %q: %+v is not listed", p, k)
			}
		}
		if len(listed) != len(rows) {
			t.Errorf("pipeline %q: %d rows listed, of %d", p, len(listed), len(rows))
		}
		for _, name := range odd {
			for _, span := range [][2]int64{{math.MinInt64, math.MaxInt64}, {-1, 0}, {1, -1}, {2, 100}} {
				var at, expected []int64
				for r, err := range b.store.Range(t.Context(), p, state.Value, name, span[0], span[1], true) {
					if err != nil {
						t.Fatal(err)
					}
					if string(r.Data) != rows[r.Key] || r.Name != name {
						t.Errorf("pipeline %q, range of %q: %+v", p, name, r)
					}
					at = append(at, r.At)
				}
				for _, a := range ats {
					if span[0] <= a && a <= span[1] {
						expected = append(expected, a)
					}
				}
				if !slices.Equal(at, expected) {
					t.Errorf("pipeline %q, range of %q in %v: %v", p, name, span, at)
				}
			}
		}
	}
}

// TestPages: Range and List read on where an answer of 1 MB ends, and stop when they are told to.
func TestPages(t *testing.T) {
	t.Parallel()
	b := anywhere(t)
	const n = 5
	large := bytes.Repeat([]byte{0xff}, 300<<10)
	for i := range int64(n) {
		commit(t, b.store, state.Write{Key: state.Key{Kind: state.Value, Name: "k", At: i}, Data: large})
	}
	next := int64(0)
	for r, err := range b.store.Range(t.Context(), "p", state.Value, "k", 0, n, true) {
		if err != nil || r.At != next || !bytes.Equal(r.Data, large) {
			t.Fatalf("%d: %v %v", next, r.At, err)
		}
		next++
	}
	listed := 0
	for _, err := range b.store.List(t.Context(), "p", state.Value) {
		if listed++; err != nil {
			t.Fatal(err)
		}
	}
	if next != n || listed != n {
		t.Errorf("Range %d rows, List %d, want %d", next, listed, n)
	}
	if b.srv == nil {
		return
	}
	queries, scans := b.srv.Requests("Query"), b.srv.Requests("Scan")
	if queries < 2 || scans < 2 {
		t.Errorf("%d queries and %d scans: there was but one page", queries, scans)
	}
	for range b.store.Range(t.Context(), "p", state.Value, "k", 0, n, true) {
		break
	}
	for range b.store.List(t.Context(), "p", state.Value) {
		break
	}
	if q, s := b.srv.Requests("Query")-queries, b.srv.Requests("Scan")-scans; q != 1 || s != 1 {
		t.Errorf("stopped at the first row, after %d queries and %d scans", q, s)
	}
	for _, op := range []string{"Query", "Scan"} {
		b.always(op, dynamodb.Fault{Do: dynamodb.CancelThrottled})
		var errs []error
		rows := b.store.List(t.Context(), "p", state.Value)
		if op == "Query" {
			rows = b.store.Range(t.Context(), "p", state.Value, "k", 0, n, true)
		}
		for _, err := range rows {
			errs = append(errs, err)
		}
		if len(errs) != 1 || errs[0] == nil {
			t.Errorf("%s throttled: %v", op, errs)
		}
	}
}

// TestDamaged: an item that is no row is an error, and is left as it is.
func TestDamaged(t *testing.T) {
	t.Parallel()
	b := anywhere(t)
	commit(t, b.store, state.Write{Key: key("k"), Data: []byte("x")})
	whole := b.items(t)[0]
	for attribute, value := range map[string]types.AttributeValue{
		"v": &types.AttributeValueMemberN{Value: "0"},
		"n": &types.AttributeValueMemberN{Value: "1.5"},
		"x": &types.AttributeValueMemberN{Value: "1e30"},
		"d": &types.AttributeValueMemberS{Value: "x"},
	} {
		it := maps.Clone(whole)
		it[attribute] = value
		if _, err := b.client.PutItem(t.Context(), &sdk.PutItemInput{TableName: &b.table, Item: it}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.store.Load(t.Context(), "p", []state.Key{key("k")}, true); err == nil || !strings.Contains(err.Error(), "attribute "+attribute) {
			t.Errorf("%s damaged: %v", attribute, err)
		}
		for _, err := range b.store.Range(t.Context(), "p", state.Value, "k", 0, 0, true) {
			if err == nil {
				t.Errorf("%s damaged, and in a range", attribute)
			}
		}
	}
}

// TestVersions are 64 bits and never the same.
func TestVersions(t *testing.T) {
	t.Parallel()
	b := anywhere(t)
	seen := map[uint64]bool{0: true}
	high := false
	for range 100 {
		was := load(t, b.store, key("k")).Version
		commit(t, b.store, state.Write{Key: key("k"), Version: was, Data: []byte("x")})
		v := load(t, b.store, key("k")).Version
		if seen[v] {
			t.Fatalf("version %d came twice", v)
		}
		seen[v] = true
		high = high || v > math.MaxInt64
	}
	if !high {
		t.Error("100 versions without their highest bit")
	}
}

// TestCreateTable: it may be there already, or take long; it must be fit.
func TestCreateTable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := inProcess(t, dynamodb.SlowTables(20*time.Second))
		if err := dynamostore.CreateTable(t.Context(), b.client, b.table); err != nil {
			t.Errorf("again: %v", err)
		}
		out, err := b.client.DescribeTimeToLive(t.Context(), &sdk.DescribeTimeToLiveInput{TableName: &b.table})
		if err != nil || out.TimeToLiveDescription.TimeToLiveStatus != types.TimeToLiveStatusEnabled || *out.TimeToLiveDescription.AttributeName != "x" {
			t.Errorf("time to live: %+v %v", out, err)
		}
		if err := dynamostore.CreateTable(t.Context(), &late{Client: b.client}, "late"); err != nil {
			t.Errorf("not heard of at once: %v", err)
		}
		other := "other"
		_, err = b.client.CreateTable(t.Context(), &sdk.CreateTableInput{
			TableName: &other, BillingMode: types.BillingModePayPerRequest,
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("k"), KeyType: types.KeyTypeHash}},
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("k"), AttributeType: types.ScalarAttributeTypeB}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := dynamostore.CreateTable(t.Context(), b.client, other); err == nil || !strings.Contains(err.Error(), "other keys") {
			t.Errorf("a table with other keys: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := dynamostore.CreateTable(ctx, b.client, "third"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("given up: %v", err)
		}
	})
}

// late has not heard of a table at first.
type late struct {
	*sdk.Client
	asked int
}

func (l *late) DescribeTable(ctx context.Context, in *sdk.DescribeTableInput, opts ...func(*sdk.Options)) (*sdk.DescribeTableOutput, error) {
	if l.asked++; l.asked < 5 {
		return nil, &types.ResourceNotFoundException{}
	}
	return l.Client.DescribeTable(ctx, in, opts...)
}
