package sqssource_test

import (
	"context"
	"os/signal"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/sqssource"
	"github.com/weir-go/weir/streaming"
)

func ExampleNew() {
	type order struct{ Amount int }
	process := func(context.Context, order) error { return nil }
	var client *sqs.Client // of sqs.NewFromConfig

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	source := sqssource.New(client, "https://sqs.eu-west-1.amazonaws.com/111122223333/orders", sqssource.Receivers(4))
	_ = streaming.Run(ctx, weir.Each(process), source, streaming.Concurrency(8))
}
