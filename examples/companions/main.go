// Command companions runs functions with all that stands around a handler, and proves that each
// order is charged once, whatever goes wrong on the way. Everything is in this process, unless
// flags name servers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
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
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "companions: what is %q? It takes flags only\n", flag.Arg(0))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if _, err := run(ctx, os.Stdout, at, n, seed); err != nil {
		fmt.Fprintln(os.Stderr, "companions:", err)
		os.Exit(1)
	}
}

// run sends n orders, has them charged, and proves it.
func run(ctx context.Context, w io.Writer, at endpoints, n int, seed uint64) (*shop, error) {
	if n < 1 {
		return nil, fmt.Errorf("-orders %d: it takes 1 or more", n)
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	var s shop
	defer s.close()
	if err := s.open(ctx, at); err != nil {
		return nil, err
	}
	list := sales(n, seed)
	if err := s.producer.sendAll(ctx, list); err != nil {
		return nil, err
	}
	fmt.Fprintf(w, "%d orders in %d messages, %d of them large; keys in %s\n", n, s.producer.messages, s.producer.large, s.in)
	if err := s.work(ctx); err != nil {
		return nil, err
	}
	// The bug is mended, and what fell victim to it or to the outage sent again.
	for s.bank.mended = true; ; {
		if n, err := s.redrive(ctx); n == 0 || err != nil {
			return &s, errors.Join(err, s.report(ctx, w), s.judge(ctx, w, list))
		}
		if err := s.work(ctx); err != nil {
			return nil, err
		}
	}
}
