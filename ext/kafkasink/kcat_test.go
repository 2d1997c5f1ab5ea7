package kafkasink_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/kafkasink"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

// foreign is a record as kcat -J prints it.
type foreign struct {
	Topic   string
	Offset  int64
	Key     *string
	Payload *string
	Headers []*string // name, value, name, value
}

func (f foreign) String() string {
	text := func(s *string) string {
		if s == nil {
			return "null"
		}
		return fmt.Sprintf("%q", *s)
	}
	out := f.Topic + " " + text(f.Key) + " " + text(f.Payload)
	for _, h := range f.Headers {
		out += " " + text(h)
	}
	return out
}

// kcat runs the Debian package of that name, which is librdkafka: the broker in these tests and the client of this
// package have one author, and it has another.
func kcat(t *testing.T, c *kfake.Cluster, stdin string, args ...string) (all []foreign) {
	t.Helper()
	path, err := exec.LookPath("kcat")
	if err != nil {
		if os.Getenv("CI_INTEGRATION") != "" {
			t.Fatal(err)
		}
		t.Skip("skipped: no kcat, which apt-get install kcat installs")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append([]string{"-b", strings.Join(c.ListenAddrs(), ",")}, args...)...)
	var log bytes.Buffer
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("kcat %q: %v\n%s", args, err, log.String())
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var f foreign
		assert.NoError(t, d.Decode(&f))
		all = append(all, f)
	}
	return all
}

// read is all that a topic has, but for what transactions took back.
func read(t *testing.T, c *kfake.Cluster, topic string) []foreign {
	t.Helper()
	return kcat(t, c, "", "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J")
}

// TestKcat: what kcat produced becomes letters that kcat can read, in each codec, and goes back to its topic as it was.
func TestKcat(t *testing.T) {
	t.Parallel()
	for i, codec := range []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()} {
		t.Run([]string{"none", "gzip", "snappy", "lz4", "zstd"}[i], func(t *testing.T) {
			t.Parallel()
			thereAndBack(t, codec, i)
		})
	}
}

func thereAndBack(t *testing.T, codec kgo.CompressionCodec, id int) {
	t.Helper()
	c, k := cluster(t, kgo.ProducerBatchCompression(codec))
	kcat(t, c, "k1:lamp\n", "-P", "-t", "orders", "-p", "0", "-K:", "-H", "trace=a", "-H", "trace=ü", "-H", "empty=", "-H", "null")
	kcat(t, c, "gone:\n", "-P", "-t", "orders", "-p", "0", "-K:", "-Z")
	before := read(t, c, "orders")
	assert.Equal(t, fmt.Sprint(before), `[orders "k1" "lamp" "trace" "a" "trace" "ü" "empty" "" "null" null orders "gone" null]`)

	var records []any
	for _, r := range consume(t, k, 2) {
		rec := weirtest.Record{OrderingKey: fmt.Sprint(r.Topic, "-", r.Partition), Key: r.Key}
		if r.Value != nil {
			rec.Value = r.Value
		}
		for _, h := range r.Headers {
			rec.Headers = append(rec.Headers, weir.KafkaHeader{Name: h.Key, Value: h.Value})
		}
		records = append(records, rec)
	}
	drop(t, weirtest.Kafka(records...), kafkasink.New(k, "dead")).WantDone(t)
	for _, r := range consume(t, k, 2) {
		assert.Equal(t, int(r.Attrs.CompressionType()), id, r.Topic)
	}
	letters := map[string]deadletter.Letter{}
	for _, f := range read(t, c, "dead") {
		some, err := deadletter.Parse([]byte(*f.Payload))
		assert.NoError(t, err)
		l := some[0]
		letters[*f.Key] = l
		assert.Equal(t, foreign{Topic: f.Topic, Key: f.Key, Headers: f.Headers}.String(),
			fmt.Sprintf(`dead %q null "weir-letter-id" %q "weir-reason" "dropped"`, l.Kafka.Key, l.ID))
	}
	assert.Equal(t, len(letters), 2)
	for _, key := range []string{"k1", "gone"} {
		l := letters[key]
		r, err := kafkasink.Redrive(&l, "again")
		assert.NoError(t, err)
		assert.NoError(t, k.ProduceSync(t.Context(), r).FirstErr())
	}
	again := map[string]string{}
	for _, f := range read(t, c, "again") {
		f.Topic = "orders"
		again[*f.Key] = f.String()
	}
	assert.Equal(t, again, map[string]string{"k1": before[0].String(), "gone": before[1].String()})
}

// TestKcatTransaction: letters that were produced in a transaction are there when it was committed, and not when it
// was aborted, by the isolation that librdkafka has by default.
func TestKcatTransaction(t *testing.T) {
	t.Parallel()
	c, k := cluster(t, kgo.TransactionalID("letters"))
	sink := kafkasink.New(k, "dead")
	for _, end := range []kgo.TransactionEndTry{kgo.TryAbort, kgo.TryCommit} {
		assert.NoError(t, k.BeginTransaction())
		drop(t, weirtest.Kafka(weirtest.Record{Key: fmt.Sprint(end == kgo.TryCommit), Value: "lamp"}), sink).WantDone(t)
		assert.NoError(t, k.EndTransaction(t.Context(), end))
	}
	letters := read(t, c, "dead")
	assert.Equal(t, len(letters), 1)
	assert.Equal(t, *letters[0].Key, "true")
	assert.Equal(t, len(kcat(t, c, "", "-C", "-t", "dead", "-o", "beginning", "-e", "-q", "-J", "-X", "isolation.level=read_uncommitted")), 2)
}
