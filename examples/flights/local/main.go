// Command local BIN FILE runs the example on this machine: it serves DynamoDB and Kafka, sends
// half of the flights in FILE to the Lambda in BIN and half to its workers at the same time, makes
// trouble, and lets the reader say whether each flight was counted once.
package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	local "github.com/weir-go/weir/ext/awslocal/dynamodb"
	"github.com/weir-go/weir/ext/dynamostore"

	"github.com/weir-go/weir/examples/flights/departures"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// flight is one that is on its way.
type flight struct {
	line   []byte
	origin string
}

func run(bin, file string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	seed := rand.Uint64()
	fmt.Println("seed", seed)
	table := local.New(local.ConflictOneIn(40, seed)) // transactions that collide
	endpoint, err := table.Start()
	if err != nil {
		return err
	}
	defer table.Close()
	if err := os.Setenv("DYNAMODB_ENDPOINT", endpoint); err != nil {
		return err
	}
	if err := dynamostore.CreateTable(ctx, departures.Client(), departures.Table); err != nil {
		return err
	}
	kafka, err := kfake.NewCluster(kfake.NumBrokers(2), kfake.SeedTopics(partitions, topic))
	if err != nil {
		return err
	}
	defer kafka.Close()
	brokers := strings.Join(kafka.ListenAddrs(), ",")
	if err := os.Setenv("KAFKA_BROKERS", brokers); err != nil {
		return err
	}
	flights, err := read(file)
	if err != nil {
		return err
	}
	// The first half goes through Kinesis and the second through Kafka, and 500 go both ways.
	half := len(flights) / 2
	var both sync.WaitGroup
	var failed [2]error
	both.Go(func() {
		failed[0] = viaKinesis(ctx, filepath.Join(bin, "lambda"), flights[:half+250], rand.New(rand.NewPCG(seed, 1)))
	})
	both.Go(func() {
		failed[1] = viaKafka(ctx, filepath.Join(bin, "worker"), brokers, flights[half-250:], rand.New(rand.NewPCG(seed, 2)))
	})
	both.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	reader := exec.CommandContext(ctx, filepath.Join(bin, "reader"), file)
	reader.Stdout, reader.Stderr = os.Stdout, os.Stderr
	return reader.Run()
}

func read(file string) (flights []flight, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(z); lines.Scan(); {
		var d departures.Flight
		line := []byte(lines.Text())
		if err := json.Unmarshal(line, &d); err != nil {
			return nil, err
		}
		flights = append(flights, flight{line, d.Origin})
	}
	return flights, nil
}
