//go:build (amd64 || arm64) && !nosonic

package peers

import (
	"context"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/bytedance/sonic"

	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/model"
	"github.com/weir-go/weir/bench/std"
)

// sonicPeers is std's loop with sonic in both layers, the best that can be dropped in.
// Elsewhere sonic has no JIT and is encoding/json.
func sonicPeers() []Peer {
	return []Peer{{"sonic", map[corpus.Source]func() lambda.Handler{corpus.SQS: sonicSQS, corpus.Kinesis: sonicKinesis, corpus.DynamoDB: sonicDynamoDB}}}
}

type invoke func(context.Context, []byte) ([]byte, error)

func (f invoke) Invoke(ctx context.Context, event []byte) ([]byte, error) { return f(ctx, event) }

func sonicSQS() lambda.Handler {
	return invoke(func(ctx context.Context, event []byte) ([]byte, error) {
		var e events.SQSEvent
		if err := sonic.ConfigFastest.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		var r events.SQSEventResponse
		for i := range e.Records {
			var o model.Order
			err := sonic.ConfigFastest.UnmarshalFromString(e.Records[i].Body, &o)
			if err == nil {
				err = model.Handle(ctx, o)
			}
			if err != nil {
				r.BatchItemFailures = append(r.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: e.Records[i].MessageId})
			}
		}
		return sonic.ConfigFastest.Marshal(r)
	})
}

func sonicKinesis() lambda.Handler {
	return invoke(func(ctx context.Context, event []byte) ([]byte, error) {
		var e events.KinesisEvent
		if err := sonic.ConfigFastest.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		var r events.KinesisEventResponse
		for i := range e.Records {
			var o model.Order
			err := sonic.ConfigFastest.Unmarshal(e.Records[i].Kinesis.Data, &o)
			if err == nil {
				err = model.Handle(ctx, o)
			}
			if err != nil {
				r.BatchItemFailures = append(r.BatchItemFailures, events.KinesisBatchItemFailure{ItemIdentifier: e.Records[i].Kinesis.SequenceNumber})
			}
		}
		return sonic.ConfigFastest.Marshal(r)
	})
}

func sonicDynamoDB() lambda.Handler {
	return invoke(func(_ context.Context, event []byte) ([]byte, error) {
		var e events.DynamoDBEvent
		if err := sonic.ConfigFastest.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		var r events.DynamoDBEventResponse
		for i := range e.Records {
			row := std.Row(e.Records[i].Change.NewImage)
			if model.HandleRow(&row) != nil {
				r.BatchItemFailures = append(r.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: e.Records[i].Change.SequenceNumber})
			}
		}
		return sonic.ConfigFastest.Marshal(r)
	})
}
