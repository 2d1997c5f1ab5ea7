package kafkasource_test

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/kafkasource"
	"github.com/weir-go/weir/streaming"
)

func ExampleNew() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	if err != nil {
		panic(err)
	}
	defer cluster.Close()
	producer, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	if err != nil {
		panic(err)
	}
	defer producer.Close()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	if err := producer.ProduceSync(ctx, &kgo.Record{Topic: "orders", Value: []byte(`{"Amount":5}`)}).FirstErr(); err != nil {
		panic(err)
	}

	source := kafkasource.New("shop",
		kgo.SeedBrokers(cluster.ListenAddrs()...),
		kgo.ConsumerGroup("printer"),
		kgo.ConsumeTopics("orders"),
	)
	type order struct{ Amount int }
	err = streaming.Run(ctx, weir.Each(func(ctx context.Context, o order) error {
		m, _ := weir.FromContext(ctx)
		fmt.Println(m.SourceARN, m.ID, o.Amount)
		stop()
		return nil
	}), source)
	fmt.Println(err)
	// Output:
	// shop orders-0@0 5
	// <nil>
}
