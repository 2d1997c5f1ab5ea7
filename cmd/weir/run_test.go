package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// weir runs the program in this process.
func weir(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &err)
	return code, out.String(), err.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run go test -update and look at the change. Got:\n%s", path, got)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, file string }{
		{"help", "help.txt"},
		{"-h", "help.txt"},
		{"--help", "help.txt"},
		{"demo -h", "help-demo.txt"},
		{"demo --source sqs --help", "help-demo.txt"},
		{"help demo", "help-demo.txt"},
		{"replay -h", "help-replay.txt"},
		{"replay --db x some.json --help", "help-replay.txt"},
	} {
		code, out, err := weir(t, strings.Fields(c.args)...)
		if code != 0 || err != "" {
			t.Errorf("weir %s: exit code %d, stderr %q", c.args, code, err)
		}
		golden(t, c.file, out)
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                              "Usage: weir COMMAND",
		"dmeo":                          `no command "dmeo"`,
		"help dmeo":                     `no command "dmeo"`,
		"demo now":                      `what is "now"?`,
		"demo --nope":                   "-nope",
		"demo --source kafka":           `no source "kafka": give kinesis, dynamodb, sqs or fifo`,
		"demo --fail 1x":                "want a share such as 1% or 0.01",
		"demo --fail 5":                 "want a share from 0% to 100%",
		"demo --poison -1%":             "want a share from 0% to 100%",
		"demo --poison NaN":             "want a share from 0% to 100%",
		"demo --seed -1":                "-seed",
		"demo --batch 0":                "no batches of 0",
		"demo --source fifo --batch 11": "Lambda takes 1 to 10 records of SQS FIFO",
		"demo --batch 10001":            "Lambda takes 1 to 10000 records of Kinesis",
		"demo --db=":                    "the name of a file is empty",
		"demo --archive=":               "the name of a file is empty",
		"replay":                        "which archives?",
		"replay --json --":              "which archives?",
		"replay x --nope":               "-nope",
		"replay --db= x":                "the name of a file is empty",
		"replay .":                      "the database departures.db is in ., which is to be replayed",
		"replay x y/../departures.db":   "the database departures.db is in y/../departures.db",
		"replay x --batch 0":            "no batches of 0",
		"replay x s3://bucket/prefix":   "s3://bucket/prefix is no local file",
		"version 2":                     `what is "2"?`,
	} {
		code, out, err := weir(t, strings.Fields(args)...)
		if code != 2 || out != "" || !strings.Contains(err, want) {
			t.Errorf("weir %s: exit code %d, stdout %q, stderr %q; want %q", args, code, out, err, want)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	code, out, _ := weir(t, "version")
	if code != 0 || !strings.HasPrefix(out, "weir ") {
		t.Errorf("exit code %d, %q", code, out)
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]share{"1%": 0.01, "0.01": 0.01, "0": 0, "100%": 1, "1": 1, "0.1%": 0.001, "1e-3": 0.001} {
		var got share
		if err := got.Set(text); err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
}
