package sqssink_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir/ext/internal/cutproxy"
	"github.com/weir-go/weir/ext/sqssink"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

// fifoServer makes a FIFO queue on the server at WEIR_FAUXQS, which knows deduplication IDs for five minutes, as SQS does.
// The one at WEIR_SQS forgets them with their messages.
func fifoServer(t *testing.T) (endpoint, url string) {
	t.Helper()
	endpoint = os.Getenv("WEIR_FAUXQS")
	if endpoint == "" {
		t.Skip("skipped: WEIR_FAUXQS is not set; bash .ci/serve.sh fauxqs PORT starts a server and prints what to set it to")
	}
	q, err := client(endpoint, 3).CreateQueue(t.Context(), &sqs.CreateQueueInput{
		QueueName: aws.String("q" + rand.Text() + ".fifo"), Attributes: map[string]string{"FifoQueue": "true"}})
	assert.NoError(t, err)
	return endpoint, *q.QueueUrl
}

// take deletes and returns all messages of a FIFO queue, of which a receive brings one per group.
func take(t *testing.T, c *sqs.Client, url string) (all []types.Message) {
	t.Helper()
	for {
		out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10,
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}})
		assert.NoError(t, err)
		if len(out.Messages) == 0 {
			return all
		}
		all = append(all, out.Messages...)
		for _, m := range out.Messages {
			_, err := c.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})
			assert.NoError(t, err)
		}
	}
}

func letterOf(t *testing.T, m types.Message) deadletter.Letter {
	t.Helper()
	letters, err := deadletter.Parse([]byte(*m.Body))
	assert.NoError(t, err)
	assert.Equal(t, len(letters), 1)
	return letters[0]
}

// TestServerDeduplication: the queue has a letter and its answer is lost, so that the SDK sends it once more. It is
// there once. When its record fails once more later, that is another letter.
func TestServerDeduplication(t *testing.T) {
	t.Parallel()
	endpoint, url := fifoServer(t)
	proxy := cutproxy.New(t, strings.TrimPrefix(endpoint, "http://"))
	var sent atomic.Int64
	proxy.Rule(func(request []byte) (f cutproxy.Fate) {
		if sending(request) {
			if sent.Add(1) == 1 {
				f.Answer = []byte("MessageId")
			}
		}
		return f
	})
	sink := sqssink.New(client("http://"+proxy.Addr(), 3), url)
	event := weirtest.FIFO(weirtest.In("ann", "lamp"))
	drop(t, event, sink).Want(t, weirtest.Dropped)
	assert.Equal(t, sent.Load(), 2, "the first answer was lost")
	c := client(endpoint, 3)
	first := take(t, c, url)
	assert.Equal(t, len(first), 1)
	assert.Equal(t, first[0].Attributes["MessageGroupId"], "ann")
	assert.Equal(t, first[0].Attributes["MessageDeduplicationId"], new(letterOf(t, first[0])).DeduplicationID())

	drop(t, event.Again(event.IDs()...), sink).Want(t, weirtest.Dropped)
	second := take(t, c, url)
	assert.Equal(t, len(second), 1, "though the record's ID is the same")
	assert.Equal(t, letterOf(t, second[0]).ID, letterOf(t, first[0]).ID)
}

// TestServerRedriveOnce: letters of a group are in order, and so are their records when they are redriven to a FIFO
// queue. Redriven twice they are there once, also if the first was done and deleted in between.
func TestServerRedriveOnce(t *testing.T) {
	t.Parallel()
	endpoint, dead := fifoServer(t)
	_, orders := fifoServer(t)
	c := client(endpoint, 3)
	drop(t, weirtest.FIFO(weirtest.In("ann", "1", "2", "3"), weirtest.In("bob", "1", "2", "3")), sqssink.New(c, dead)).WantDone(t)
	var letters []deadletter.Letter
	for _, m := range take(t, c, dead) {
		letters = append(letters, letterOf(t, m))
	}
	assert.Equal(t, len(letters), 6)
	for again := range 2 {
		for i := range letters {
			in, err := sqssink.Redrive(&letters[i], orders)
			assert.NoError(t, err)
			_, err = c.SendMessage(t.Context(), in)
			assert.NoError(t, err)
		}
		got := map[string]*bytes.Buffer{"ann": {}, "bob": {}}
		for _, m := range take(t, c, orders) {
			got[m.Attributes["MessageGroupId"]].WriteString(*m.Body)
		}
		want := []string{"123", ""}[again]
		assert.Equal(t, []string{got["ann"].String(), got["bob"].String()}, []string{want, want}, again)
	}
}
