package s3objects

import (
	"context"
	"errors"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/middleware/offload"
)

// ForSQS returns the input to send: in itself, or, if it is too large, a copy whose body is in S3,
// where it has been put by then. in stays as it is, so it may be tried again.
//
//	in, err := s3objects.ForSQS(ctx, writer, in)
//	if err == nil {
//		_, err = client.SendMessage(ctx, in)
//	}
//
// Content-based deduplication of a FIFO queue sees the pointer, which is another each time: give a
// MessageDeduplicationId.
func ForSQS(ctx context.Context, w *offload.Writer, in *sqs.SendMessageInput) (*sqs.SendMessageInput, error) {
	if in == nil || w == nil {
		return nil, errors.New("s3objects: ForSQS: it takes a Writer and an input")
	}
	o, err := w.Offload(ctx, offload.Outgoing{Body: aws.ToString(in.MessageBody), Attributes: fromSQS(in.MessageAttributes)})
	if err != nil || len(o.Attributes) == len(in.MessageAttributes) {
		return in, err
	}
	own := *in
	own.MessageBody, own.MessageAttributes = &o.Body, toSQS(in.MessageAttributes, o)
	return &own, nil
}

// ForSQSBatch is ForSQS for several messages in one request, whose size counts together.
func ForSQSBatch(ctx context.Context, w *offload.Writer, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchInput, error) {
	if in == nil || w == nil {
		return nil, errors.New("s3objects: ForSQSBatch: it takes a Writer and an input")
	}
	batch := make([]offload.Outgoing, len(in.Entries))
	for i, e := range in.Entries {
		batch[i] = offload.Outgoing{Body: aws.ToString(e.MessageBody), Attributes: fromSQS(e.MessageAttributes)}
	}
	batch, err := w.OffloadBatch(ctx, batch)
	if err != nil {
		return in, err
	}
	own := *in
	own.Entries = make([]sqstypes.SendMessageBatchRequestEntry, len(batch))
	for i, o := range batch {
		e := in.Entries[i]
		if len(o.Attributes) > len(e.MessageAttributes) {
			e.MessageBody, e.MessageAttributes = &o.Body, toSQS(e.MessageAttributes, o)
		}
		own.Entries[i] = e
	}
	return &own, nil
}

// ForSNS is ForSQS for what is published to an SNS topic. What has more than offload.DefaultThreshold is
// put aside, whatever the Writer's threshold is, for that is what topics take unless their MaximumMessageSize
// says more. A message of MessageStructure json, with a text for each protocol, is refused if it is too large.
func ForSNS(ctx context.Context, w *offload.Writer, in *sns.PublishInput) (*sns.PublishInput, error) {
	if in == nil || w == nil {
		return nil, errors.New("s3objects: ForSNS: it takes a Writer and an input")
	}
	attributes := map[string]weir.MessageAttribute{}
	for name, a := range in.MessageAttributes {
		attributes[name] = weir.MessageAttribute{DataType: aws.ToString(a.DataType), String: aws.ToString(a.StringValue), Binary: a.BinaryValue}
	}
	o := offload.Outgoing{Body: aws.ToString(in.Message), Attributes: attributes}
	w = w.Within(offload.DefaultThreshold)
	if aws.ToString(in.MessageStructure) == "json" && w.Large(o) {
		return in, errors.New("s3objects: ForSNS: a message of MessageStructure json cannot be put aside: readers would look for the text of their protocol in the pointer")
	}
	o, err := w.Offload(ctx, o)
	if err != nil || len(o.Attributes) == len(in.MessageAttributes) {
		return in, err
	}
	own := *in
	own.Message, own.MessageAttributes = &o.Body, maps.Clone(in.MessageAttributes)
	if own.MessageAttributes == nil {
		own.MessageAttributes = map[string]snstypes.MessageAttributeValue{}
	}
	for name, a := range o.Attributes {
		if _, ok := own.MessageAttributes[name]; !ok {
			own.MessageAttributes[name] = snstypes.MessageAttributeValue{DataType: &a.DataType, StringValue: &a.String}
		}
	}
	return &own, nil
}

func fromSQS(in map[string]sqstypes.MessageAttributeValue) map[string]weir.MessageAttribute {
	out := make(map[string]weir.MessageAttribute, len(in))
	for name, a := range in {
		out[name] = weir.MessageAttribute{DataType: aws.ToString(a.DataType), String: aws.ToString(a.StringValue), Binary: a.BinaryValue}
	}
	return out
}

// toSQS adds to a message's attributes the one that marks it.
func toSQS(in map[string]sqstypes.MessageAttributeValue, o offload.Outgoing) map[string]sqstypes.MessageAttributeValue {
	out := maps.Clone(in)
	if out == nil {
		out = map[string]sqstypes.MessageAttributeValue{}
	}
	for name, a := range o.Attributes {
		if _, ok := out[name]; !ok {
			out[name] = sqstypes.MessageAttributeValue{DataType: &a.DataType, StringValue: &a.String}
		}
	}
	return out
}
