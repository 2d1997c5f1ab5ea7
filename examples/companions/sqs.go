package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/sqsvisibility"
	"github.com/weir-go/weir/middleware/visibility"
)

// remote is a queue behind SQS's own protocol.
type remote struct {
	*sqs.Client
	timeouts visibility.Client
	at       string
}

func newRemote(ctx context.Context, endpoint, name string) (q *remote, arn string, err error) {
	client := sqs.New(sqs.Options{Region: region, BaseEndpoint: &endpoint, Credentials: anybody})
	made, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName:  aws.String(fmt.Sprintf("%s-%d", name, time.Now().UnixNano())),
		Attributes: map[string]string{"VisibilityTimeout": "12"}, // more than the functions have,
	})
	if err != nil {
		return nil, "", err
	}
	about, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: made.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return nil, "", err
	}
	at := func(context.Context, string) (string, error) { return *made.QueueUrl, nil }
	return &remote{client, sqsvisibility.New(client, sqsvisibility.QueueURL(at)), *made.QueueUrl}, about.Attributes["QueueArn"], nil
}

func (q *remote) url() string { return q.at }

func (q *remote) ChangeVisibility(ctx context.Context, arn string, entries []visibility.Entry) ([]visibility.Failure, error) {
	return q.timeouts.ChangeVisibility(ctx, arn, entries)
}

func (q *remote) send(ctx context.Context, body string, beside map[string]weir.MessageAttribute) error {
	in := &sqs.SendMessageInput{QueueUrl: &q.at, MessageBody: &body}
	for name, a := range beside {
		if in.MessageAttributes == nil {
			in.MessageAttributes = map[string]types.MessageAttributeValue{}
		}
		in.MessageAttributes[name] = types.MessageAttributeValue{DataType: aws.String(a.DataType), StringValue: aws.String(a.String)}
	}
	_, err := q.SendMessage(ctx, in)
	return err
}

func (q *remote) receive(ctx context.Context, n int) ([]received, error) {
	out, err := q.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &q.at, MaxNumberOfMessages: int32(n), WaitTimeSeconds: 1, MessageAttributeNames: []string{"All"},
		//lint:ignore SA1019 local-aws-sqs knows no other
		AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return nil, err
	}
	var batch []received
	for _, m := range out.Messages {
		r := received{id: *m.MessageId, receipt: *m.ReceiptHandle, body: *m.Body, attributes: attributes(m.MessageAttributes)}
		if r.count, err = strconv.Atoi(m.Attributes["ApproximateReceiveCount"]); err != nil {
			return nil, fmt.Errorf("message %s: its receive count: %w", r.id, err)
		}
		sent, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("message %s: its sent timestamp: %w", r.id, err)
		}
		r.sent = time.UnixMilli(sent)
		batch = append(batch, r)
	}
	return batch, nil
}

func (q *remote) remove(ctx context.Context, receipt string) error {
	_, err := q.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &q.at, ReceiptHandle: &receipt})
	return err
}

func attributes(from map[string]types.MessageAttributeValue) map[string]weir.MessageAttribute {
	to := map[string]weir.MessageAttribute{}
	for name, a := range from {
		to[name] = weir.MessageAttribute{DataType: aws.ToString(a.DataType), String: aws.ToString(a.StringValue)}
	}
	return to
}
