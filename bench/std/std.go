// Package std is what a Go user writes today: the event structs of aws-lambda-go,
// encoding/json, and a loop.
package std

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/weir-go/weir/bench/model"
)

// SQS handles orders from a queue.
func SQS() lambda.Handler {
	return lambda.NewHandler(func(ctx context.Context, e events.SQSEvent) (r events.SQSEventResponse, err error) {
		for _, m := range e.Records {
			if handle(ctx, []byte(m.Body)) != nil {
				r.BatchItemFailures = append(r.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			}
		}
		return r, nil
	})
}

// Kinesis handles orders from a stream.
func Kinesis() lambda.Handler {
	return lambda.NewHandler(func(ctx context.Context, e events.KinesisEvent) (r events.KinesisEventResponse, err error) {
		for _, m := range e.Records {
			if handle(ctx, m.Kinesis.Data) != nil {
				r.BatchItemFailures = append(r.BatchItemFailures, events.KinesisBatchItemFailure{ItemIdentifier: m.Kinesis.SequenceNumber})
			}
		}
		return r, nil
	})
}

// DynamoDB handles rows from a table's stream.
func DynamoDB() lambda.Handler {
	return lambda.NewHandler(func(_ context.Context, e events.DynamoDBEvent) (r events.DynamoDBEventResponse, err error) {
		for _, m := range e.Records {
			row := Row(m.Change.NewImage)
			if model.HandleRow(&row) != nil {
				r.BatchItemFailures = append(r.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: m.Change.SequenceNumber})
			}
		}
		return r, nil
	})
}

func handle(ctx context.Context, payload []byte) error {
	var o model.Order
	if err := json.Unmarshal(payload, &o); err != nil {
		return err
	}
	return model.Handle(ctx, o)
}

// Row maps an image by hand, as a user of aws-lambda-go has to without the AWS SDK.
func Row(image map[string]events.DynamoDBAttributeValue) model.Row {
	amount, _ := image["amountCents"].Integer()
	discount, _ := image["discount"].Float()
	version, _ := image["version"].Integer()
	address := image["address"].Map()
	var geo []float64
	for _, v := range address["geo"].List() {
		f, _ := v.Float()
		geo = append(geo, f)
	}
	return model.Row{
		PK:          image["pk"].String(),
		SK:          image["sk"].String(),
		Status:      image["status"].String(),
		AmountCents: amount,
		Discount:    discount,
		Priority:    image["priority"].Boolean(),
		Poison:      image["poison"].Boolean(),
		Tags:        image["tags"].StringSet(),
		Address:     model.Address{City: address["city"].String(), Zip: address["zip"].String(), Geo: geo},
		Thumb:       image["thumb"].Binary(),
		Version:     version,
	}
}
