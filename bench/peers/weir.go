package peers

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/bench/model"
)

func weirSQS() lambda.Handler      { return weir.SQS(weir.Each(model.Handle)) }
func weirKinesis() lambda.Handler  { return weir.Kinesis(weir.Each(model.Handle)) }
func weirDynamoDB() lambda.Handler { return weir.DynamoDB(weir.Each(handleChange)) }

func weirNewImage() lambda.Handler { return weir.DynamoDB(weir.Each(handleNewImage)) }

// handleNewImage gets what the other peers decode.
func handleNewImage(_ context.Context, c weir.NewImage[model.Row]) error {
	if c.New == nil {
		return fmt.Errorf("%s without a new image", c.Kind)
	}
	return model.HandleRow(c.New)
}

// handleChange gets both images, where the other peers decode the new one alone.
func handleChange(_ context.Context, c weir.Change[model.Row]) error {
	if c.New == nil {
		return fmt.Errorf("%s without a new image", c.Kind)
	}
	return model.HandleRow(c.New)
}
