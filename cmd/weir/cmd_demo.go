package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/weir-go/weir/cmd/weir/internal/deliver"
	"github.com/weir-go/weir/cmd/weir/internal/demo"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
)

const demoUsage = `Usage: weir demo [flags]

demo delivers 20,000 US flights of 2001 to a Lambda function made with weir, as AWS would:
in batches, with checkpoints or visibility timeouts, retries and dead letters. The function
is a pipeline: it aggregates departures and mean delays, by airport and day, into a bbolt
file. Some commits to that fail, or succeed and their answer is lost, and some records are
poison. In the end demo compares what is in the file with a direct fold of the input.
Nothing leaves this machine.

  --source S      kinesis (default), dynamodb, sqs or fifo
  --db FILE       keep the totals in FILE. Another run over the same file, from whatever
                  source, changes nothing. By default the file is temporary.
  --archive FILE  write the flights to FILE as well, to be replayed by weir replay: JSON
                  lines, compressed if FILE ends in .gz. What FILE had is overwritten.
  --fail P        share of the commits that fail: 5% (default), or as 0.05
  --poison P      share of the records that cannot be decoded, or over which the pipeline's
                  functions panic, each time: 0.1% (default)
  --slow          some commits are slow, a few hang until the deadline is near
  --batch N       most records per invocation: by default 100 of a stream, 10 of a queue
  --seed N        the same seed gives the same events, trouble and result: 1 (default)
  --json          print one JSON document, and no progress

The report goes to stdout, progress to stderr. Exit code 0: every record was counted once or
is a dead letter. 1: the comparison failed. 2: wrong usage.

  weir demo --fail 20% --poison 1%
  weir demo --source fifo --slow
  weir demo --json | jq .fate
  weir demo --db flights.db --archive flights.jsonl.gz
  weir demo --db flights.db --source sqs
  weir replay --db flights.db flights.jsonl.gz
`

func demoCommand() command {
	return command{
		Name:  "demo",
		Short: "deliver 20,000 records with trouble, and account for each",
		Usage: demoUsage,
		Run: func(ctx context.Context, std stdio, args []string) error {
			c, err := demoConfigOf(args)
			if err != nil {
				return err
			}
			list, err := flights.Load()
			if err != nil {
				return err
			}
			return runDemo(ctx, std, c, list)
		},
	}
}

// demoConfig is what the flags say.
type demoConfig struct {
	demo.Config
	db, archive string
	json        bool
}

func demoConfigOf(args []string) (c demoConfig, err error) {
	c.Config = demo.Config{Source: demo.Kinesis, Trouble: demo.Trouble{Fail: 0.05, Poison: 0.001}}
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.StringVar((*string)(&c.Source), "source", string(c.Source), "")
	flags.StringVar(&c.db, "db", "", "")
	flags.StringVar(&c.archive, "archive", "", "")
	flags.Var((*share)(&c.Fail), "fail", "")
	flags.Var((*share)(&c.Poison), "poison", "")
	flags.BoolVar(&c.Slow, "slow", false, "")
	flags.IntVar(&c.Batch, "batch", 0, "")
	flags.Uint64Var(&c.Seed, "seed", 1, "")
	flags.BoolVar(&c.json, "json", false, "")
	if err := parse(flags, args); err != nil {
		return c, err
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	switch {
	case given["batch"] && c.Batch < 1:
		return c, usagef("no batches of %d: a batch has at least 1 record", c.Batch)
	case given["db"] && c.db == "", given["archive"] && c.archive == "":
		return c, usagef("the name of a file is empty")
	}
	if err := c.Check(); err != nil {
		return c, usageError{err}
	}
	return c, nil
}

func runDemo(ctx context.Context, std stdio, c demoConfig, list []flights.Flight) (err error) {
	db, err := demo.OpenDatabase(ctx, c.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if c.archive != "" {
		if err := export(c, list); err != nil {
			return err
		}
	}
	meter := &deliver.Meter{}
	stop := func() {}
	if !c.json {
		fmt.Fprintln(std.out, c.Headline(len(list), db))
		stop = demoProgress(std, meter, len(list)).start()
	}
	report, err := demo.Run(ctx, c.Config, list, db, meter)
	stop()
	if err != nil {
		return err
	}
	if c.json {
		err = writeJSON(std.out, report)
	} else {
		err = report.WriteText(std.out)
		if err == nil && c.archive != "" {
			_, err = fmt.Fprintf(std.out, "the flights are in %s\n", c.archive)
		}
	}
	if err == nil && !report.Fate.OK {
		err = errFindings
	}
	return err
}

func demoProgress(std stdio, m *deliver.Meter, total int) *progress {
	return &progress{
		w:     std.err,
		live:  isTerminal(std.err),
		share: func() float64 { return float64(m.Settled.Load()) / float64(total) },
		text: func() string {
			return fmt.Sprintf("%s/%s records, %s invocations, %s retries, %s dead letters",
				demo.Thousands(m.Settled.Load()), demo.Thousands(total), demo.Thousands(m.Invocations.Load()),
				demo.Thousands(m.Retries.Load()), demo.Thousands(m.Dead.Load()))
		},
		brief: func() string {
			return fmt.Sprintf("%s records, %s invocations, %s retries, %s dead", demo.Thousands(m.Settled.Load()),
				demo.Thousands(m.Invocations.Load()), demo.Thousands(m.Retries.Load()), demo.Thousands(m.Dead.Load()))
		},
	}
}

// export writes the flights as an archive, all of them whole.
func export(c demoConfig, list []flights.Flight) (err error) {
	if there, err := os.Stat(c.archive); err == nil && c.db != "" {
		if db, err := os.Stat(c.db); err == nil && os.SameFile(there, db) {
			return fmt.Errorf("%s is the database: give another --archive", c.archive)
		}
	}
	f, err := os.Create(c.archive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return flights.WriteLines(f, list, strings.HasSuffix(c.archive, ".gz"))
}
