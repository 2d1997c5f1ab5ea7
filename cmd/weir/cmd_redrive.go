package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weir-go/weir/cmd/weir/internal/demo"
	"github.com/weir-go/weir/ext/sqssink"
	"github.com/weir-go/weir/middleware/deadletter"
)

const redriveUsage = `Usage: weir redrive [flags] FILE...

redrive reads dead letters, as package deadletter writes them, and sends their
records to a queue of SQS once more: the body, the attributes, and the group of
a FIFO or fair queue. Without --queue it lists them and sends nothing. A file
has JSON lines, or whole objects as those of S3; "-" is stdin, and a directory
stands for all files in it, as "aws s3 sync" leaves them. On-failure records
that Lambda wrote to S3 are read too, and what "aws sqs receive-message" prints.

  --queue URL  the queue to send to
  --skip N     leave out the first N letters: what a run before has sent
  --dry-run    with --queue: say what would be sent, and send nothing

All files are read, and every record is made ready, before anything is sent. A
record that was given up twice, or of which several parts were, is sent once. A
letter that only says where the whole one is, such as s3://bucket/key, needs
that one beside it: copy it, and give its file too. What is sent is a new
message to its consumers. When the queue fails, redrive stops and says with
which --skip to go on; the message at which it stopped may have arrived.

The report goes to stdout, one line a letter, progress to stderr. Exit code 0:
all was sent or listed. 1: a letter cannot be read or sent, or the queue failed.
2: wrong usage.

Credentials are those of the environment: AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. To use a profile:

  eval "$(aws configure export-credentials --format env)"
  weir redrive --queue https://sqs.eu-west-1.amazonaws.com/111122223333/orders letters.jsonl
`

func redriveCommand() command {
	return command{
		Name:  "redrive",
		Short: "list dead letters, or send their records to a queue once more",
		Usage: redriveUsage,
		Run: func(ctx context.Context, std stdio, args []string) error {
			c, err := redriveConfigOf(args)
			if err != nil {
				return err
			}
			var client sqssink.Client
			if c.queue != "" && !c.dryRun {
				if client, err = queueClient(c.queue, os.Getenv); err != nil {
					return err
				}
			}
			return runRedrive(ctx, std, c, client)
		},
	}
}

// redriveConfig is what the arguments say.
type redriveConfig struct {
	queue  string
	skip   int
	dryRun bool
	files  []string
}

func redriveConfigOf(args []string) (c redriveConfig, err error) {
	flags := flag.NewFlagSet("redrive", flag.ContinueOnError)
	flags.StringVar(&c.queue, "queue", "", "")
	flags.IntVar(&c.skip, "skip", 0, "")
	flags.BoolVar(&c.dryRun, "dry-run", false, "")
	if c.files, err = parseSome(flags, args); err != nil {
		return c, err
	}
	switch {
	case len(c.files) == 0:
		return c, usagef(`which letters? Give files, or "-" for stdin`)
	case c.skip < 0:
		return c, usagef("--skip takes 0 or more")
	}
	if c.queue != "" {
		if u, err := url.Parse(c.queue); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return c, usagef("%q is no URL of a queue such as https://sqs.eu-west-1.amazonaws.com/111122223333/orders", c.queue)
		}
	}
	return c, nil
}

// parcel is a letter on its way.
type parcel struct {
	where  string // file and number in it
	letter deadletter.Letter
	in     *sqs.SendMessageInput // nil when it is only listed
	err    error                 // why it cannot be sent
	twin   bool                  // another letter stands for the same record
}

func runRedrive(ctx context.Context, std stdio, c redriveConfig, client sqssink.Client) error {
	parcels, bad, err := readParcels(ctx, std, c)
	if err != nil {
		return err
	}
	if c.skip > len(parcels) {
		return usagef("--skip %d: there are %d letters", c.skip, len(parcels))
	}
	for i := range parcels[c.skip:] {
		if p := &parcels[c.skip+i]; p.err != nil && !p.twin {
			bad++
			fmt.Fprintln(std.err, demo.Printable(fmt.Sprintf("weir redrive: %s: %v", p.where, p.err)))
		}
	}
	if client == nil || bad > 0 {
		for i := range parcels[c.skip:] {
			fmt.Fprintln(std.out, parcels[c.skip+i].line())
		}
		fmt.Fprintf(std.out, "%s, nothing was sent\n", letters(len(parcels)-c.skip))
		if bad > 0 {
			return errFindings
		}
		return nil
	}
	sent := 0
	for i := c.skip; i < len(parcels); i++ {
		p := &parcels[i]
		if p.twin {
			fmt.Fprintln(std.out, p.line())
			continue
		}
		err := ctx.Err()
		if err == nil {
			_, err = client.SendMessage(ctx, p.in)
		}
		if err != nil {
			fmt.Fprintf(std.err, "%s sent; go on with --skip %d\n", demo.Thousands(int64(sent)), i)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("%s: %w", p.where, err)
		}
		sent++
		fmt.Fprintln(std.out, p.line())
	}
	fmt.Fprintf(std.out, "%s sent to %s\n", demo.Thousands(int64(sent)), c.queue)
	return nil
}

func letters(n int) string {
	if n == 1 {
		return "1 letter"
	}
	return demo.Thousands(int64(n)) + " letters"
}

// readParcels reads all letters. It says what it cannot read, and counts that.
func readParcels(ctx context.Context, std stdio, c redriveConfig) (parcels []parcel, bad int, err error) {
	files, err := filesOf(c.files)
	if err != nil {
		return nil, 0, err
	}
	for _, name := range files {
		in := io.NopCloser(std.in)
		if name != "-" {
			if in, err = os.Open(name); err != nil {
				return nil, 0, err
			}
		}
		n := 0
		for l, err := range deadletter.Read(in) {
			if ctx.Err() != nil {
				break
			}
			if err != nil {
				bad++
				fmt.Fprintln(std.err, demo.Printable(fmt.Sprintf("weir redrive: %s: %v", nearName(name), err)))
				continue
			}
			n++
			parcels = append(parcels, parcel{where: fmt.Sprintf("%s, letter %d", nearName(name), n), letter: l})
		}
		if err := in.Close(); err != nil {
			return nil, 0, err
		}
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
	}
	pack(parcels, c.queue)
	return parcels, bad, nil
}

// filesOf lists the files that names stand for.
func filesOf(names []string) (files []string, err error) {
	for _, name := range names {
		if info, err := os.Stat(name); name == "-" || err != nil || !info.IsDir() {
			files = append(files, name) // what is not there will be said when it is opened
			continue
		}
		err := filepath.WalkDir(name, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// pack makes what is sent to a queue, if there is one. Of the letters of a record, and of its parts, the first
// that can be sent is, and the others are its twins.
func pack(parcels []parcel, queue string) {
	first := map[string]*parcel{}
	for i := range parcels {
		p := &parcels[i]
		if queue != "" {
			p.in, p.err = sqssink.Redrive(&p.letter, queue)
			if errors.Is(p.err, deadletter.ErrElsewhere) {
				p.err = fmt.Errorf("the letter only says that the whole one is %s: copy that, as with aws s3 cp, and give its file too", p.letter.Elsewhere)
			}
		}
		record := p.letter.OriginID() // of parts of one record each brings that
		switch before := first[record]; {
		case before == nil:
			first[record] = p
		case before.err != nil && p.err == nil:
			before.twin, first[record] = true, p
		default:
			p.twin = true
		}
	}
}

// line describes a letter.
func (p *parcel) line() string {
	l := &p.letter
	id := l.RecordID
	if l.Part != "" {
		id += " part " + l.Part
	}
	if id == "" {
		id = "letter " + l.ID
	}
	text := fmt.Sprintf("%s  %s  %s  %s", l.GivenUpAt.Format("2006-01-02 15:04:05"), id, l.Reason, demo.Clip(l.Error, 80))
	if p.twin {
		text += "  (of the same record as another)"
	}
	return demo.Printable(text)
}
