package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/redis/go-redis/v9"
	awslocal "github.com/weir-go/weir/ext/awslocal/dynamodb"
	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/ext/pgstore"
	"github.com/weir-go/weir/ext/redisstore"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
)

// Where the example's services are. What is empty is in this process.
type endpoints struct {
	store string // dynamodb, dynamodb+http://host:port, redis://host:port, or postgres://...
	sqs   string // http://host:port
	s3    string // http://host:port
}

const (
	region = "us-east-1"
	bucket = "orders-large"
)

// keysFor opens the store of the keys that are done.
func keysFor(ctx context.Context, url string) (store state.Store, name string, closing func(), err error) {
	closing = func() {}
	switch kind, rest, _ := strings.Cut(url, "://"); kind {
	case "":
		return mem.New(), "memory", closing, nil
	case "dynamodb":
		server := awslocal.New()
		client := dynamodb.New(dynamodb.Options{Region: region, BaseEndpoint: aws.String("http://dynamodb.invalid"), HTTPClient: server.Client(), Credentials: anybody})
		return dynamostore.New(client, "companions"), "DynamoDB, in process", closing, dynamostore.CreateTable(ctx, client, "companions")
	case "redis":
		client := redis.NewClient(&redis.Options{Addr: rest})
		return redisstore.New(client), "Redis", func() { _ = client.Close() }, client.Ping(ctx).Err()
	case "postgres":
		pool, err := pgxpool.New(ctx, url)
		if err != nil {
			return nil, "", closing, err
		}
		return pgstore.New(pool), "PostgreSQL", pool.Close, pgstore.CreateTable(ctx, pool)
	case "dynamodb+http":
		client := dynamodb.New(dynamodb.Options{Region: region, BaseEndpoint: aws.String("http://" + rest), Credentials: anybody})
		return dynamostore.New(client, "companions"), "DynamoDB", closing, dynamostore.CreateTable(ctx, client, "companions")
	}
	return nil, "", closing, fmt.Errorf("--store %s: it takes dynamodb, dynamodb+http://, redis:// or postgres://", url)
}

// bucketAt makes the bucket for large orders.
func bucketAt(ctx context.Context, url string) (client *s3.Client, closing func(), err error) {
	closing = func() {}
	if url == "" {
		server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
		url, closing = server.URL, server.Close
	}
	client = s3.New(s3.Options{Region: region, BaseEndpoint: &url, UsePathStyle: true, Credentials: anybody})
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if _, err = client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		var there interface{ ErrorCode() string }
		if errors.As(err, &there) && strings.HasPrefix(there.ErrorCode(), "BucketAlready") {
			err = nil
		}
	}
	return client, closing, err
}

// queueAt makes a queue.
func queueAt(ctx context.Context, url, name string) (q queue, arn string, err error) {
	if url != "" {
		return newRemote(ctx, url, name)
	}
	return &local{name: name, now: time.Now()}, "arn:aws:sqs:" + region + ":111122223333:" + name, nil
}

// objects counts what is in the bucket.
func objects(ctx context.Context, client *s3.Client) (n int, err error) {
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: aws.String(bucket)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return n, err
		}
		n += len(page.Contents)
	}
	return n, nil
}

// anybody is whom local servers take for a customer.
var anybody = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"}, nil
})
