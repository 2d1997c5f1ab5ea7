// Command companions runs a function with all that stands around a handler, and proves that each
// order is charged once, whatever goes wrong on the way. Everything is in this process, unless
// flags name servers.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/weir-go/weir/ext/s3objects"
	"github.com/weir-go/weir/ext/sqsvisibility"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/middleware/visibility"
)

func main() {
	var at endpoints
	var n int
	var seed uint64
	flag.StringVar(&at.store, "store", "", "where keys are kept: dynamodb (in process), dynamodb+http://HOST:PORT, redis://HOST:PORT, postgres://...")
	flag.StringVar(&at.sqs, "sqs", "", "URL of a server that speaks SQS's protocol")
	flag.StringVar(&at.s3, "s3", "", "URL of a server that speaks S3's protocol, with access key AK and secret SK")
	flag.IntVar(&n, "orders", 2000, "how many orders are sent")
	flag.Uint64Var(&seed, "seed", 1, "the same seed makes the same orders")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, at, n, seed); err != nil {
		fmt.Fprintln(os.Stderr, "companions:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, at endpoints, n int, seed uint64) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "companions")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	keys, name, closeKeys, err := keysFor(ctx, at.store)
	defer closeKeys()
	if err != nil {
		return err
	}
	client, closeS3, err := bucketAt(ctx, at.s3)
	defer closeS3()
	if err != nil {
		return err
	}
	before, err := objects(ctx, client)
	if err != nil {
		return err
	}
	large := s3objects.New(client)
	writer, err := offload.NewWriter(large, bucket)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "letters.jsonl")
	letters, err := deadletter.OpenFile(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, letters.Close()) }()

	var q queue = &local{now: time.Now()}
	m := &mapping{queue: q, arn: "arn:aws:sqs:us-east-1:111122223333:orders", timeout: 10 * time.Second}
	var emf bytes.Buffer
	s := services{
		name: fmt.Sprintf("charge-%d", time.Now().UnixNano()),
		bank: &bank{limit: 6, answer: time.Millisecond, charged: map[string]int{}},
		keys: &flaky{Store: keys}, large: large, letters: letters, metrics: &emf, counts: &counts{},
	}
	if at.sqs == "" {
		s.queue = q.(visibility.Client)
	} else {
		r, arn, err := newRemote(ctx, at.sqs)
		if err != nil {
			return err
		}
		m.queue, m.arn = r, arn
		s.queue = sqsvisibility.New(r.client, sqsvisibility.QueueURL(func(context.Context, string) (string, error) { return r.url, nil }))
	}
	f := newFunction(s)
	if err := f.Err(); err != nil {
		return err
	}
	m.function = f

	list := sales(n, seed)
	sent, offloaded, err := sendAll(ctx, m.queue, writer, list)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d orders in %d messages, %d of them large; keys in %s\n", n, sent, offloaded, name)
	m.left = sent
	if err := m.run(ctx); err != nil {
		return err
	}
	byReason, err := lettersIn(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "dead letters: %d undecodable, %d permanent, %d received too often\n",
		len(byReason[deadletter.ReasonUndecodable]), len(byReason[deadletter.ReasonPermanent]), len(byReason[deadletter.ReasonReceives]))

	// The bug is mended, and what fell victim to it sent again.
	s.bank.mended = true
	for _, l := range byReason[deadletter.ReasonReceives] {
		body, err := l.Original()
		if err != nil {
			return err
		}
		if err := m.queue.send(ctx, string(body), l.MessageAttributes); err != nil {
			return err
		}
		m.left++
	}
	if err := m.run(ctx); err != nil {
		return err
	}

	after, err := objects(ctx, client)
	if err != nil {
		return err
	}
	c := s.counts
	fmt.Fprintf(w, "%d invocations, %d records, %d failed and came back, highest receive count %d, %d retries within an invocation\n",
		m.invocations, c.records, c.failed+c.skipped, c.highest, c.retries)
	fmt.Fprintf(w, "the breaker opened %d times and spared the bank %d calls; the limit of calls at a time fell %d times; %d lines of metrics\n",
		c.opened, c.spared, c.fell, bytes.Count(emf.Bytes(), []byte("\n")))
	fmt.Fprintf(w, "the bank was called %d times, throttled %d and failed %d; the store of keys failed %d times, %d answers of it were lost\n",
		s.bank.calls, s.bank.throttled, s.bank.failed, s.keys.(*flaky).refused, s.keys.(*flaky).lost)
	fmt.Fprintf(w, "objects left in the bucket, of orders that were not charged: %d\n", after-before)
	return judge(w, list, s.bank)
}
