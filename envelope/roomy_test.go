package envelope_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
	"github.com/weir-go/weir/weirtest"
)

// zipped is an aggregate of n user records of ten bytes each, compressed.
func zipped(n int) []byte {
	var users []string
	for i := range n {
		users = append(users, fmt.Sprint("k", i), string(zip("0123456789")))
	}
	return aggregate(users...)
}

// What no batch has room for is said to be so, and not to come back with fewer others.
func TestMoreThanMaxTotalByItself(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]weir.StreamOption{nil, {weir.Concurrency(4)}} {
		ran := 0
		v := envelope.KPL(envelope.Gzip(weir.EachMessage(func(context.Context, *weir.Message) error {
			ran++
			return nil
		}), envelope.MaxBytes(10), envelope.MaxTotal(29)))
		res := weirtest.Run(t.Context(), weir.Kinesis(v, opts...), weirtest.Kinesis(zipped(4)))
		assert.Error(t, res.Records[0].Err, "undecodable", "gzip: more than envelope.MaxTotal (29 bytes)")
		assert.Equal(t, errors.Is(res.Records[0].Err, envelope.ErrNoRoom), false)
		assert.Equal(t, ran, 0)
	}
	// It takes no room from the others.
	v := envelope.KPL(envelope.Gzip(weir.EachMessage(idle), envelope.MaxBytes(10), envelope.MaxTotal(29)))
	weirtest.Run(t.Context(), weir.Kinesis(v, weir.OnUndecodable(weir.DropUndecodable)), weirtest.Kinesis(zipped(4), zipped(2), zip("x"))).
		Want(t, weirtest.Dropped, weirtest.Succeeded, weirtest.Succeeded)
}

// Lambda delivers all of a record again, so it is opened as a whole or not at all.
func TestRoomForWholeRecords(t *testing.T) {
	t.Parallel()
	ran := map[string]int{}
	v := envelope.KPL(envelope.Gzip(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		ran[m.ID+"/"+m.Part]++
		return nil
	}), envelope.MaxBytes(10), envelope.MaxTotal(49)))
	l := weir.SQS(envelope.Base64(v))
	event := weirtest.SQS(to64(zipped(3)), to64(zipped(3)), to64(zipped(1)))
	for rounds := 0; len(event.IDs()) > 0; rounds++ {
		assert.Equal(t, rounds < 2, true)
		event = event.Again(weirtest.Run(t.Context(), l, event).Retried()...)
	}
	assert.Equal(t, len(ran), 7)
	for what, n := range ran {
		assert.Equal(t, n, 1, what)
	}
}

// A worker whose only batch holds such a record gives it up and goes on.
func TestWorkerGoesOnBehindWhatHasNoRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New("orders", 1)
		log.Append(0, zipped(4))
		for range 20 {
			log.Append(0, zip("good"))
		}
		log.End()
		group := log.Group()
		ctx, stop := context.WithTimeout(t.Context(), 24*time.Hour)
		defer stop()
		good, letters := 0, 0
		v := envelope.KPL(envelope.Gzip(weir.EachMessage(func(context.Context, *weir.Message) error {
			good++
			return nil
		}), envelope.MaxBytes(10), envelope.MaxTotal(29)))
		assert.NoError(t, streaming.Run(ctx, v, group.Member(), streaming.BatchRecords(1),
			streaming.DeadLetter(func(context.Context, *weir.Message, error) error { letters++; return nil })))
		assert.Equal(t, group.Committed(0), 21)
		assert.Equal(t, good, 20)
		assert.Equal(t, letters, 1)
	})
}

// However many are opened at a time, the first records of a batch have room: the same as if they
// were opened one by one.
func TestRoomGoesToTheFirst(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	noRoom := 0
	for range 40 {
		var values []any
		for range 1 + rng.IntN(12) {
			var users []string
			for i := range 1 + rng.IntN(4) {
				users = append(users, fmt.Sprint(i), string(zip(strings.Repeat("0", rng.IntN(1000)))))
			}
			values = append(values, aggregate(users...))
		}
		total := envelope.MaxTotal(1000 + rng.Int64N(4000))
		var want []string
		for _, n := range []int{1, 2, 8, 8} {
			v := envelope.KPL(envelope.Gzip(weir.EachMessage(idle), envelope.MaxBytes(1000), total))
			res := weirtest.Run(t.Context(), weir.Kinesis(v, weir.Concurrency(n)), weirtest.Kinesis(values...))
			var got []string
			for _, r := range res.Records {
				got = append(got, fmt.Sprint(r.State, r.Err))
				if errors.Is(r.Err, envelope.ErrNoRoom) {
					noRoom++
				}
			}
			if want == nil {
				want = got
			}
			assert.Equal(t, got, want, fmt.Sprint(n))
		}
	}
	assert.Equal(t, noRoom > 40, true)
}

// allocated is how many bytes f takes, together with whatever else runs.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// Few bytes must not become records that fill the memory. It is not parallel, since it looks at what
// is allocated.
func TestPartsTakeRoom(t *testing.T) {
	logsOf := func(v weir.Verb) weir.Verb { return envelope.CloudWatchLogs(v, envelope.MaxTotal(16<<20)) }
	messages := func(v weir.Verb) weir.Verb {
		return envelope.CloudWatchLogs(v, envelope.MessageOnly(), envelope.MaxTotal(16<<20))
	}
	s3 := func(v weir.Verb) weir.Verb { return envelope.S3(v, envelope.MaxTotal(16<<20)) }
	users := func(v weir.Verb) weir.Verb { return envelope.KPL(v, envelope.MaxTotal(16<<20)) }
	group := strings.Repeat("g", 100_000)
	var keyed []string
	for range 40_000 {
		keyed = append(keyed, "", "")
	}
	keys := "\xf3\x89\x9a\xc2" + strings.Repeat("\x0a\x00", 2<<20)
	keys += string(md5Of([]byte(keys[4:])))
	for name, c := range map[string]struct {
		wrap    func(weir.Verb) weir.Verb
		payload []byte
	}{
		"what log events share": {logsOf, zip(`{"messageType":"DATA_MESSAGE","logGroup":"` + group + `","logEvents":[` + strings.Repeat(`{},`, 9_999) + `{}]}`)},
		"log events":            {logsOf, zip(`{"messageType":"DATA_MESSAGE","logEvents":[` + strings.Repeat(`{},`, 999_999) + `{}]}`)},
		"messages":              {messages, zip(`{"messageType":"DATA_MESSAGE","logEvents":[` + strings.Repeat(`{"message":""},`, 99_999) + `{"message":""}]}`)},
		"S3":                    {s3, []byte(s3Body(strings.Repeat(`{"eventSource":"aws:s3"},`, 40_000) + `{"eventSource":"aws:s3"}`))},
		"user records":          {users, aggregate(keyed...)},
		"keys":                  {users, []byte(keys)},
	} {
		l := weir.Kinesis(c.wrap(weir.EachMessage(idle)))
		event := weirtest.Kinesis(c.payload)
		text := event.JSON()
		var res *weirtest.Result
		taken := allocated(func() { res = weirtest.Run(t.Context(), l, event) })
		assert.Error(t, res.Records[0].Err, "undecodable", "more than envelope.MaxTotal (16777216 bytes) in one record")
		if most := int64(40<<20 + 8*len(text)); taken > most {
			t.Errorf("%s: %d bytes are allocated for an event of %d, want %d at most", name, taken, len(text), most)
		}
		// It is decided by the records before as well.
		_ = weirtest.Run(t.Context(), l, weirtest.Kinesis(c.payload, c.payload))
	}
}

// What parts are said to take is about what they take.
func TestPartPrice(t *testing.T) {
	var keyed []string
	for range 30_000 {
		keyed = append(keyed, "k", "")
	}
	payload := aggregate(keyed...)
	event := weirtest.Kinesis(payload)
	l := weir.Kinesis(envelope.KPL(weir.EachMessage(idle)))
	_, err := l.Invoke(t.Context(), event.JSON())
	assert.NoError(t, err)
	text := event.JSON()
	taken := allocated(func() { _, err = l.Invoke(t.Context(), text) })
	assert.NoError(t, err)
	if each := taken / 30_000; each < 256 || each > 1024 {
		t.Errorf("%d bytes are allocated for each user record, which are said to take 512", each)
	}
}

func TestMaxTotalOfParts(t *testing.T) {
	t.Parallel()
	ok, failed := weirtest.Succeeded, weirtest.Failed
	users := aggregate("a", "1", "b", "2")
	res := weirtest.Run(t.Context(), weir.Kinesis(envelope.KPL(weir.EachMessage(idle), envelope.MaxTotal(2500))), weirtest.Kinesis(users, users, users, "plain"))
	res.Want(t, ok, ok, failed, failed)
	assert.Equal(t, errors.Is(res.Records[2].Err, envelope.ErrNoRoom), true)
	assert.Error(t, res.Records[2].Err, "KPL: no room left of envelope.MaxTotal")
	event := s3Body(`{"eventSource":"aws:s3"}`, `{"eventSource":"aws:s3"}`)
	weirtest.Run(t.Context(), weir.SQS(envelope.S3(weir.EachMessage(idle), envelope.MaxTotal(2500))), weirtest.SQS(event, event, event)).Want(t, ok, ok, failed)

	assert.Error(t, weir.Kinesis(envelope.KPL(weir.EachMessage(idle), envelope.MaxTotal(0))).Err(), "KPL: MaxTotal(0): it takes more than 0")
	assert.Error(t, weir.SQS(envelope.S3(weir.EachMessage(idle), nil)).Err(), "S3: option 0 is nil")
}

// An opener of one's own that panics or leaves fails its record alone, however many are at work.
func TestOpenThatPanics(t *testing.T) {
	t.Parallel()
	c := envelope.Compression{Name: "mine", Magic: []string{"!"}, Open: func(r io.Reader) (io.ReadCloser, error) {
		text, err := io.ReadAll(r)
		switch string(text) {
		case "!panic":
			panic("no")
		case "!exit":
			runtime.Goexit()
		}
		return io.NopCloser(strings.NewReader(string(text))), err
	}}
	for _, n := range []int{1, 3} {
		ran := 0
		v := envelope.Decompress(weir.EachMessage(func(context.Context, *weir.Message) error { ran++; return nil }), c)
		var res *weirtest.Result
		opts := []weir.SQSOption{weir.ReportAll(), weir.Concurrency(n)}
		if n == 1 {
			opts = opts[:1]
		}
		res = weirtest.Run(t.Context(), weir.SQS(v, opts...), weirtest.SQS("!a", "!panic", "!exit", "!b", "!exit"))
		res.Want(t, weirtest.Succeeded, weirtest.Failed, weirtest.Failed, weirtest.Succeeded, weirtest.Failed)
		assert.Error(t, res.Records[1].Err, "panic: no")
		assert.Equal(t, errors.Is(res.Records[2].Err, weir.ErrGoexit), true)
	}
}

// Each envelope says which one has no verb.
func TestNoVerb(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]weir.Verb{
		"SNS": envelope.SNS(nil), "EventBridge": envelope.EventBridge(nil), "S3": envelope.S3(nil), "gzip": envelope.Gzip(nil),
		"Base64": envelope.Base64(envelope.Base64(nil)), "CloudWatchLogs": envelope.CloudWatchLogs(nil), "KPL": envelope.KPL(nil), "DMS": envelope.DMS(nil),
		"Debezium": envelope.Debezium(nil),
	} {
		assert.Error(t, weir.SQS(v).Err(), "envelope: "+name+": no verb: give weir.Each(f)")
	}
}
