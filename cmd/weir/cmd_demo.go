package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"

	"github.com/weir-go/weir/cmd/weir/internal/deliver"
	"github.com/weir-go/weir/cmd/weir/internal/demo"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
)

const demoUsage = `Usage: weir demo [flags]

demo delivers 20,000 US flights of 2001 to a Lambda function made with weir, as AWS would:
in batches, with checkpoints or visibility timeouts, retries and dead letters. Some calls
of the function's database fail, and some records are poison. In the end it compares what
became of every record with the input. Nothing leaves this machine.

  --source S    kinesis (default), dynamodb, sqs or fifo
  --fail P      share of the database's calls that fail: 1% (default), or as 0.01
  --poison P    share of the records that cannot be decoded, or over which the handler
                panics, each time: 0.1% (default)
  --slow        some calls of the database are slow, a few hang until the deadline is near
  --batch N     most records per invocation: by default 100 of a stream, 10 of a queue
  --seed N      the same seed gives the same events, trouble and result: 1 (default)
  --json        print one JSON document, and no progress

The report goes to stdout, progress to stderr. Exit code 0: every record was counted once or
is a dead letter. 1: the comparison failed. 2: wrong usage.

  weir demo --fail 20% --poison 1%
  weir demo --source fifo --slow
  weir demo --json | jq .fate
`

func demoCommand() command {
	return command{
		Name:  "demo",
		Short: "deliver 20,000 records with trouble, and account for each",
		Usage: demoUsage,
		Run: func(ctx context.Context, std stdio, args []string) error {
			c, asJSON, err := demoConfig(args)
			if err != nil {
				return err
			}
			list, err := flights.Load()
			if err != nil {
				return err
			}
			return runDemo(ctx, std, c, list, asJSON)
		},
	}
}

func demoConfig(args []string) (c demo.Config, asJSON bool, err error) {
	c = demo.Config{Source: demo.Kinesis, Trouble: demo.Trouble{Fail: 0.01, Poison: 0.001}}
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.StringVar((*string)(&c.Source), "source", string(c.Source), "")
	flags.Var((*share)(&c.Fail), "fail", "")
	flags.Var((*share)(&c.Poison), "poison", "")
	flags.BoolVar(&c.Slow, "slow", false, "")
	flags.IntVar(&c.Batch, "batch", 0, "")
	flags.Uint64Var(&c.Seed, "seed", 1, "")
	flags.BoolVar(&asJSON, "json", false, "")
	if err := parse(flags, args); err != nil {
		return c, false, err
	}
	given := false
	flags.Visit(func(f *flag.Flag) { given = given || f.Name == "batch" })
	if given && c.Batch < 1 {
		return c, false, usagef("no batches of %d: a batch has at least 1 record", c.Batch)
	}
	if err := c.Check(); err != nil {
		return c, false, usageError{err}
	}
	return c, asJSON, nil
}

func runDemo(ctx context.Context, std stdio, c demo.Config, list []flights.Flight, asJSON bool) error {
	meter := &deliver.Meter{}
	stop := func() {}
	if !asJSON {
		fmt.Fprintln(std.out, c.Headline(len(list)))
		p := &progress{w: std.err, meter: meter, total: len(list), live: isTerminal(std.err)}
		stop = p.start()
	}
	report, err := demo.Run(ctx, c, list, meter)
	stop()
	if err != nil {
		return err
	}
	if asJSON {
		e := json.NewEncoder(std.out)
		e.SetIndent("", "  ")
		err = e.Encode(report)
	} else {
		err = report.WriteText(std.out)
	}
	if err == nil && !report.Fate.OK {
		err = errFindings
	}
	return err
}
