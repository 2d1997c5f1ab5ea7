package kafkasource

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weir-go/weir"
)

// The broker in these tests and the client of this package have one author. What others wrote is here to
// disagree: kcat, which is librdkafka, and kafkajs.

// missing skips a test, but fails it where clients are to be installed.
func missing(t *testing.T, what string, err error) {
	t.Helper()
	if os.Getenv("CI_INTEGRATION") != "" {
		t.Fatalf("%s: %v", what, err)
	}
	t.Skipf("skipped: %s: %v", what, err)
}

// kcat runs the Debian package of that name against a cluster.
func kcat(t *testing.T, c *kfake.Cluster, stdin string, args ...string) (stdout string) {
	t.Helper()
	path, err := exec.LookPath("kcat")
	if err != nil {
		missing(t, "no kcat, which apt-get install kcat installs", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append([]string{"-b", strings.Join(c.ListenAddrs(), ",")}, args...)...)
	var out, log bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("kcat %q: %v\n%s", args, err, log.String())
	}
	return out.String()
}

// kafkajs runs a program of testdata with Node.js.
func kafkajs(t *testing.T, c *kfake.Cluster, program string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := exec.CommandContext(ctx, "node", "-e", `require("kafkajs")`).Run(); err != nil {
		missing(t, "no Node.js that finds kafkajs 2.2.4, which npm installs and NODE_PATH names", err)
	}
	cmd := exec.CommandContext(ctx, "node", "testdata/"+program)
	cmd.Env = append(cmd.Environ(), "BROKERS="+strings.Join(c.ListenAddrs(), ","), "TOPIC="+topic, "KAFKAJS_NO_PARTITIONER_WARNING=1")
	if log, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, log)
	}
}

// texts is what a worker has seen of records, in order.
type texts struct {
	mu  sync.Mutex
	all []string
}

func (s *texts) add(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, text)
}

func (s *texts) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

// consume runs a worker until it has seen a last record and has committed what is behind it.
func consume(t *testing.T, c *kfake.Cluster, text func(*weir.Message) string, last string, opts ...kgo.Opt) []string {
	t.Helper()
	var seen texts
	var mu sync.Mutex
	var end int64
	r := run(t, weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		mu.Lock()
		end = max(end, m.Kafka.Offset+1)
		mu.Unlock()
		seen.add(text(m))
		return nil
	}), source(c, opts...))
	eventually(t, "the last has come", func() bool { return slices.Contains(seen.list(), last) })
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if len(opts) == 0 { // otherwise it may be another group
		want(t, "committed", committed(t, client(t, c), 1)[0], end)
	}
	return seen.list()
}

func payload(m *weir.Message) string { return string(m.Payload) }

func record(m *weir.Message) string {
	value := fmt.Sprintf("%q", m.Payload)
	switch {
	case m.Tombstone():
		value = "tombstone"
	case len(m.Payload) > 1000:
		value = fmt.Sprint(len(m.Payload), " bytes")
	}
	key := "none"
	if m.Kafka.Key != nil {
		key = fmt.Sprintf("%q", m.Kafka.Key)
	}
	return fmt.Sprintf("%s %s %q", key, value, m.Kafka.Headers)
}

// compressible has a cluster say, as Apache Kafka 4.0 does for librdkafka's sake (KAFKA-18659), that it knows Produce 0.
// Otherwise librdkafka compresses with nothing but zstd, and tells only its debug log.
func compressible(t *testing.T, c *kfake.Cluster) {
	t.Helper()
	own, err := kmsg.NewPtrApiVersionsRequest().RequestWith(t.Context(), client(t, c))
	if err != nil {
		t.Fatal(err)
	}
	for i := range own.ApiKeys {
		if own.ApiKeys[i].ApiKey == int16(kmsg.Produce) {
			own.ApiKeys[i].MinVersion = 0
		}
	}
	c.ControlKey(int16(kmsg.ApiVersions), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		answer := req.ResponseKind().(*kmsg.ApiVersionsResponse)
		answer.ApiKeys = own.ApiKeys
		return answer, nil, true
	})
}

// TestKcat: records with keys, headers and tombstones, in each codec, as librdkafka writes them.
func TestKcat(t *testing.T) {
	t.Parallel()
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		t.Run(codec, func(t *testing.T) {
			t.Parallel()
			c := broker(t, 1)
			compressible(t, c)
			kcat(t, c, "k1:"+strings.Repeat("long ", 1000)+"\nk2:\n:no key\n", "-P", "-t", topic, "-p", "0", "-z", codec, "-Z", "-K:",
				"-H", "trace=a", "-H", "trace=b", "-H", "empty=", "-H", "null")
			kcat(t, c, "last", "-P", "-t", topic, "-p", "0")
			headers := `[{"trace" "a"} {"trace" "b"} {"empty" ""} {"null" ""}]`
			got := consume(t, c, record, `none "last" []`)
			want(t, "records", strings.Join(got, "\n"), `"k1" 5000 bytes `+headers+"\n"+`"k2" tombstone `+headers+"\n"+`none "no key" `+headers+"\n"+`none "last" []`)
			want(t, "codec", compression(t, c), codec)
		})
	}
}

// compression is the codec of the first record.
func compression(t *testing.T, c *kfake.Cluster) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	f := client(t, c, kgo.ConsumeTopics(topic)).PollFetches(ctx)
	if err := f.Err(); err != nil {
		t.Fatal(err)
	}
	return []string{"none", "gzip", "snappy", "lz4", "zstd"}[f.Records()[0].Attrs.CompressionType()]
}

// TestKcatGroup: a group goes on where another client's member has committed, and the other way round.
func TestKcatGroup(t *testing.T) {
	t.Parallel()
	c := broker(t, 1)
	produce := func(lines string) { kcat(t, c, lines, "-P", "-t", topic, "-p", "0") }
	produce("a\nb\nc")
	want(t, "weir", fmt.Sprint(consume(t, c, payload, "c")), "[a b c]")
	produce("d\ne\nf")
	want(t, "kcat", strings.Fields(kcat(t, c, "", "-G", group, "-c", "3", "-q", "-X", "auto.offset.reset=earliest", topic))[0], "d")
	produce("g")
	want(t, "weir again", fmt.Sprint(consume(t, c, payload, "g")), "[g]")
}

// TestKafkajs: what was written by kafkajs in transactions and beside them is there, but for what was aborted: kgo reads
// uncommitted records by default, a Source reads committed ones.
func TestKafkajs(t *testing.T) {
	t.Parallel()
	c := broker(t, 1)
	kafkajs(t, c, "produce.js")
	got := consume(t, c, record, `none "last" []`)
	want(t, "committed", strings.Join(got, "\n"), strings.Join([]string{
		`"k" "first" [{"trace" "a"} {"trace" "b"} {"bytes" "\x00\xff"}]`,
		`none 10000 bytes []`, `"gone" tombstone []`,
		`none "beside aborted 1" []`,
		`none "committed 1" []`, `none "beside committed 1" []`, `none "committed 1, more" []`,
		`none "beside aborted 2" []`,
		`none "last" []`,
	}, "\n"))
	all := consume(t, c, record, `none "last" []`, kgo.ConsumerGroup(group+"-all"), kgo.FetchIsolationLevel(kgo.ReadUncommitted()))
	for _, text := range []string{"aborted 1", "aborted 1, more", "aborted 2", "aborted 2, more"} {
		want(t, "uncommitted has "+text, slices.Contains(all, `none "`+text+`" []`), true)
	}
}
