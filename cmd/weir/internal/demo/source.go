package demo

import (
	"context"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/cmd/weir/internal/deliver"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/state"
)

// Source is an event source by its name on the command line.
type Source string

// The sources.
const (
	Kinesis  Source = "kinesis"
	DynamoDB Source = "dynamodb"
	SQS      Source = "sqs"
	FIFO     Source = "fifo"
)

// spec is what a source differs in.
type spec struct {
	thing    string // what the records come from
	text     string // how they are laid out
	batch    int
	maxBatch int
	tries    int
	lambda   func(store state.Store, m *metrics.InMemory, observer any) *weir.Lambda
	deliver  func(context.Context, deliver.Mapping, []deliver.Record) (*deliver.Outcome, error)
}

// spec is empty when there is no such source.
func (s Source) spec() spec {
	switch s {
	case Kinesis:
		return spec{"Kinesis", "Kinesis records, 4 shards by origin", 100, 10_000, 4, kinesisLambda, deliver.Kinesis}
	case DynamoDB:
		return spec{"DynamoDB Streams", "inserts into a DynamoDB table, 4 shards by origin", 100, 10_000, 4, dynamodbLambda, deliver.DynamoDB}
	case SQS:
		return spec{"SQS", "messages in a standard SQS queue", 10, 10_000, 5, sqsLambda, deliver.SQS}
	case FIFO:
		return spec{"SQS FIFO", "messages in a FIFO queue, grouped by origin", 10, 10, 5, fifoLambda, deliver.FIFO}
	}
	return spec{}
}
