// Command worker reads the Kafka topic flights from the brokers in KAFKA_BROKERS, as the member of
// a group that WORKER names, until it gets SIGTERM.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weir-go/weir/examples/flights/departures"
	"github.com/weir-go/weir/ext/kafkasource"
	"github.com/weir-go/weir/streaming"
)

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("worker", os.Getenv("WORKER"))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	source := kafkasource.New("flights-cluster",
		kgo.SeedBrokers(strings.Split(os.Getenv("KAFKA_BROKERS"), ",")...),
		kgo.ConsumerGroup("departures"),
		kgo.ConsumeTopics("flights"),
		kgo.InstanceID(os.Getenv("WORKER")), // comes back to its partitions after a restart
		kgo.SessionTimeout(6*time.Second),
		kgo.HeartbeatInterval(500*time.Millisecond),
	)
	err := streaming.Run(ctx, departures.Pipeline(departures.Client()), source,
		streaming.Concurrency(2), streaming.BatchRecords(200), streaming.Logger(log))
	if err != nil {
		log.Error("the worker has ended", "error", err)
		os.Exit(1)
	}
}
