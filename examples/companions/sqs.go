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
)

// remote is a queue behind SQS's own protocol.
type remote struct {
	client *sqs.Client
	url    string
}

func newRemote(ctx context.Context, endpoint string) (q *remote, arn string, err error) {
	client := sqs.New(sqs.Options{Region: region, BaseEndpoint: &endpoint, Credentials: anybody})
	made, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName:  aws.String(fmt.Sprintf("orders-%d", time.Now().UnixNano())),
		Attributes: map[string]string{"VisibilityTimeout": "30"},
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
	return &remote{client, *made.QueueUrl}, about.Attributes["QueueArn"], nil
}

func (q *remote) send(ctx context.Context, body string, attributes map[string]weir.MessageAttribute) error {
	in := &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &body}
	for name, a := range attributes {
		if in.MessageAttributes == nil {
			in.MessageAttributes = map[string]types.MessageAttributeValue{}
		}
		in.MessageAttributes[name] = types.MessageAttributeValue{DataType: aws.String(a.DataType), StringValue: aws.String(a.String)}
	}
	_, err := q.client.SendMessage(ctx, in)
	return err
}

func (q *remote) receive(ctx context.Context, n int) ([]received, error) {
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: int32(n), WaitTimeSeconds: 1, MessageAttributeNames: []string{"All"},
		//lint:ignore SA1019 local-aws-sqs knows no other
		AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return nil, err
	}
	var batch []received
	for _, m := range out.Messages {
		r := received{id: *m.MessageId, receipt: *m.ReceiptHandle, body: *m.Body, attributes: map[string]weir.MessageAttribute{}}
		if r.count, err = strconv.Atoi(m.Attributes["ApproximateReceiveCount"]); err != nil {
			return nil, fmt.Errorf("message %s: its receive count: %w", r.id, err)
		}
		sent, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("message %s: its sent timestamp: %w", r.id, err)
		}
		r.sent = time.UnixMilli(sent)
		for name, a := range m.MessageAttributes {
			r.attributes[name] = weir.MessageAttribute{DataType: *a.DataType, String: aws.ToString(a.StringValue)}
		}
		batch = append(batch, r)
	}
	return batch, nil
}

func (q *remote) remove(ctx context.Context, receipt string) error {
	_, err := q.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: &receipt})
	return err
}
