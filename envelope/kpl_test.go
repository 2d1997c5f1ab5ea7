package envelope_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/internal/kpl"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// aggregate makes an aggregate of records key=data.
func aggregate(keyed ...string) []byte {
	var records []kpl.Record
	for i := 0; i < len(keyed); i += 2 {
		records = append(records, kpl.Record{PartitionKey: keyed[i], Data: []byte(keyed[i+1])})
	}
	return kpl.Append(nil, records)
}

func ExampleKPL() {
	ship := func(ctx context.Context, order string) error {
		m, _ := weir.FromContext(ctx)
		fmt.Println(m.ID, m.Part, m.OrderingKey, order)
		if order == "bad" {
			return errors.New("out of stock")
		}
		return nil
	}
	fn := weir.Kinesis(envelope.KPL(weir.Each(ship)))
	out, _ := fn.Invoke(context.Background(), weirtest.Kinesis(
		weirtest.Record{ID: "1", Value: aggregate("k1", "a", "k2", "b")},
		weirtest.Record{ID: "2", Value: aggregate("k1", "c", "k2", "bad")},
		weirtest.Record{ID: "3", Value: "plain", OrderingKey: "k3"}).JSON())
	fmt.Println(string(out))
	// Output:
	// 1 0 k1 a
	// 1 1 k2 b
	// 2 0 k1 c
	// 2 1 k2 bad
	// 3  k3 plain
	// {"batchItemFailures":[{"itemIdentifier":"2"}]}
}

func TestKPL(t *testing.T) {
	t.Parallel()
	whole := aggregate("k", "a", "k", "")
	got, err := binary(t, unpack, whole)
	assert.NoError(t, err)
	assert.Equal(t, got, []string{"0:a", "1:"})
	spoilt := bytes.Clone(whole)
	spoilt[len(spoilt)-1]++
	for _, plain := range [][]byte{{}, []byte("x"), spoilt, whole[:len(whole)-1], whole[:4], []byte("{}")} {
		got, err := binary(t, unpack, plain)
		assert.NoError(t, err)
		assert.Equal(t, got, []string{string(plain)})
	}
	// A digest that is right over what the library does not write.
	bad := append([]byte("\xf3\x89\x9a\xc2"), 0x0b)
	got, err = binary(t, unpack, append(bad, md5Of(bad[4:])...))
	undecodable(t, got, err, "aggregated record is malformed")
	// Nothing in it.
	empty := append([]byte("\xf3\x89\x9a\xc2\x0a\x01k"), md5Of([]byte("\x0a\x01k"))...)
	got, err = binary(t, unpack, empty)
	assert.NoError(t, err)
	assert.Equal(t, len(got), 0)
}

func md5Of(b []byte) []byte {
	sum := md5.Sum(b)
	return sum[:]
}

// A middleware that retries runs again what failed, and nothing that was done.
func TestKPLRetriesChildren(t *testing.T) {
	t.Parallel()
	runs := map[string]int{}
	again := func(next weir.Handler) weir.Handler {
		return func(ctx context.Context, m *weir.Message) (err error) {
			for range 3 {
				if err = next(ctx, m); err == nil {
					return nil
				}
			}
			return err
		}
	}
	l := weir.Kinesis(envelope.KPL(weir.Each(func(_ context.Context, s string) error {
		if runs[s]++; s == "never" || s == "third" && runs[s] < 3 {
			return errors.New("no")
		}
		return nil
	})), weir.Use(again))
	weirtest.Run(t.Context(), l, weirtest.Kinesis(aggregate("k", "a", "k", "third", "k", "b"), aggregate("k", "c", "k", "never", "k", "d"))).
		Want(t, weirtest.Succeeded, weirtest.Failed)
	assert.Equal(t, runs, map[string]int{"a": 1, "third": 3, "b": 1, "c": 1, "never": 3, "d": 1})
}

// Under Concurrency, records of one partition key stay in order across aggregates.
func TestKPLKeepsOrder(t *testing.T) {
	t.Parallel()
	var values []any
	n := 0
	for range 20 {
		var keyed []string
		for range 10 {
			keyed = append(keyed, fmt.Sprint("k", n%3), strconv.Itoa(n))
			n++
		}
		values = append(values, aggregate(keyed...))
	}
	var mu sync.Mutex
	got := map[string][]int{}
	l := weir.Kinesis(envelope.KPL(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		i, _ := strconv.Atoi(string(m.Payload))
		mu.Lock()
		defer mu.Unlock()
		got[m.OrderingKey] = append(got[m.OrderingKey], i)
		return nil
	})), weir.Concurrency(16))
	weirtest.Run(t.Context(), l, weirtest.Kinesis(values...)).WantDone(t)
	total := 0
	for key, list := range got {
		total += len(list)
		assert.Equal(t, slices.IsSorted(list), true, key)
	}
	assert.Equal(t, total, n)
}

// counts is a pipeline that counts payloads.
func counts(store *mem.Store) *pipeline.Pipeline[string, int64] {
	return &pipeline.Pipeline[string, int64]{
		Name: "counts", StoreIn: store, Aggregate: monoid.Count(),
		Key: func(s string) string { return s }, Value: func(string) int64 { return 1 },
	}
}

// Each user record counts once, whoever takes the aggregate apart, and however often it comes.
func TestKPLPipeline(t *testing.T) {
	t.Parallel()
	store := mem.New()
	p := counts(store)
	event := weirtest.Kinesis(aggregate("k", "a", "k", "b"), "a", aggregate("k", "a", "j", "a"))
	for _, v := range []weir.Verb{p, envelope.KPL(p), envelope.KPL(envelope.KPL(p)), p} {
		l := weir.Kinesis(v)
		assert.NoError(t, l.Err())
		weirtest.Run(t.Context(), l, event).WantDone(t)
		for key, want := range map[string]int64{"a": 4, "b": 1} {
			got, err := p.Get(t.Context(), key)
			assert.NoError(t, err)
			assert.Equal(t, got.Value, want, key)
		}
	}
}

// So it is with every envelope: what comes again counts once, part by part.
func TestPipeline(t *testing.T) {
	t.Parallel()
	p := &pipeline.Pipeline[envelope.S3Record, int64]{
		Name: "sizes", StoreIn: mem.New(), Aggregate: monoid.Count(),
		Key: func(r envelope.S3Record) string { return r.Bucket }, Value: func(envelope.S3Record) int64 { return 1 },
	}
	l := weir.SQS(envelope.SNS(envelope.S3(p)))
	assert.NoError(t, l.Err())
	body := snsBody(s3Body(s3Put("a"), s3Put("b")), "")
	damaged := weirtest.Record{ID: "bad", Value: snsBody(s3Body(s3Put("c"), s3Put("%"), s3Put("d")), "")}
	event := weirtest.SQS(body, damaged, body)
	for range 2 {
		weirtest.Run(t.Context(), l, event).Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Succeeded)
		got, err := p.Get(t.Context(), "amzn-s3-demo-bucket")
		assert.NoError(t, err)
		assert.Equal(t, got.Value, 6)
	}
}

func TestKPLAgainstNode(t *testing.T) {
	t.Parallel()
	if err := exec.Command("node", "-e", "require('aws-kinesis-agg')").Run(); err != nil {
		missing := "node with aws-kinesis-agg is not there: npm install --ignore-scripts aws-kinesis-agg@4.2.8, and set NODE_PATH to its node_modules"
		if os.Getenv("CI_INTEGRATION") != "" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	type record struct {
		PartitionKey string `json:"partitionKey"`
		Data         []byte `json:"data"`
	}
	type batch struct {
		Records []record `json:"records"`
		Ours    []byte   `json:"ours"`
	}
	var question []batch
	want := map[string][]string{}
	n := 0
	for size := range 60 {
		b := batch{Records: []record{}, Ours: aggregate("k", "d")}
		for range size * size / 4 {
			key := fmt.Sprint("key-", n*7919%23)
			data := fmt.Sprint("record ", n, bytes.Repeat([]byte("x"), n%500))
			n++
			b.Records = append(b.Records, record{key, []byte(data)})
			want[key] = append(want[key], data)
		}
		question = append(question, b)
	}
	text, err := json.Marshal(question)
	assert.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "node", "../internal/kpl/testdata/agg.js")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
	out, err := cmd.Output()
	assert.NoError(t, err)
	var answer []struct {
		Theirs [][]byte `json:"theirs"`
	}
	assert.NoError(t, json.Unmarshal(out, &answer))
	var values []any
	for _, a := range answer {
		for _, data := range a.Theirs {
			values = append(values, data)
		}
	}
	var mu sync.Mutex
	got := map[string][]string{}
	l := weir.Kinesis(envelope.KPL(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		mu.Lock()
		defer mu.Unlock()
		got[m.OrderingKey] = append(got[m.OrderingKey], string(m.Payload))
		return nil
	})), weir.Concurrency(8))
	weirtest.Run(t.Context(), l, weirtest.Kinesis(values...)).WantDone(t)
	assert.Equal(t, got, want)
}
