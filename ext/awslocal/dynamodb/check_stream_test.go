package dynamodb_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// streamed makes a table with a stream and returns the stream's only shard.
func (b *bed) streamed(view types.StreamViewType) (table, arn, shard *string) {
	table = b.table("S", "", func(in *sdk.CreateTableInput) {
		in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: view}
	})
	out, err := b.client.DescribeTable(b.ctx, &sdk.DescribeTableInput{TableName: table})
	b.must(err)
	arn = out.Table.LatestStreamArn
	described, err := b.streams.DescribeStream(b.ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	b.must(err)
	if len(described.StreamDescription.Shards) != 1 {
		b.fail("%d shards, want 1", len(described.StreamDescription.Shards))
	}
	return table, arn, described.StreamDescription.Shards[0].ShardId
}

func (b *bed) iterator(arn, shard *string, kind streamtypes.ShardIteratorType, at *string) *string {
	out, err := b.streams.GetShardIterator(b.ctx, &dynamodbstreams.GetShardIteratorInput{StreamArn: arn, ShardId: shard, ShardIteratorType: kind, SequenceNumber: at})
	b.must(err)
	return out.ShardIterator
}

// records reads n records, however many requests it takes.
func (b *bed) records(iterator *string, n int) (all []streamtypes.Record, next *string) {
	b.until("there are records", func() bool {
		out, err := b.streams.GetRecords(b.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator})
		b.must(err)
		all = append(all, out.Records...)
		iterator = out.NextShardIterator
		return len(all) >= n
	})
	b.equal(len(all), n)
	return all, iterator
}

// brief writes a record in a line.
func brief(r streamtypes.Record) string {
	image := func(it map[string]streamtypes.AttributeValue) string {
		if it == nil {
			return "-"
		}
		var parts []string
		for _, name := range []string{"pk", "x", "ttl"} {
			switch v := it[name].(type) {
			case *streamtypes.AttributeValueMemberS:
				parts = append(parts, v.Value)
			case *streamtypes.AttributeValueMemberN:
				parts = append(parts, v.Value)
			}
		}
		return strings.Join(parts, "/")
	}
	return fmt.Sprintf("%s %s %s>%s", r.EventName, image(r.Dynamodb.Keys), image(r.Dynamodb.OldImage), image(r.Dynamodb.NewImage))
}

func briefly(records []streamtypes.Record) string {
	var lines []string
	for _, r := range records {
		lines = append(lines, brief(r))
	}
	return strings.Join(lines, ", ")
}

// changing makes an item, changes it, does nothing to it, and deletes it.
func (b *bed) changing(table *string) {
	one := attrs{"pk": str("a"), "x": num("1")}
	b.put(table, one)
	b.put(table, one)
	b.must(b.transact(types.TransactWriteItem{Update: &types.Update{TableName: table, Key: pk("a"), UpdateExpression: aws.String("ADD x :n"), ExpressionAttributeValues: attrs{":n": num("1")}}}))
	b.must(b.batchWrite(table, deleteRequest(pk("a")), deleteRequest(pk("none"))))
}

var streamChecks = []check{
	{"stream/images", func(b *bed) {
		for view, want := range map[types.StreamViewType]string{
			"NEW_AND_OLD_IMAGES": "INSERT a ->a/1, MODIFY a a/1>a/2, REMOVE a a/2>-",
			"NEW_IMAGE":          "INSERT a ->a/1, MODIFY a ->a/2, REMOVE a ->-",
			"OLD_IMAGE":          "INSERT a ->-, MODIFY a a/1>-, REMOVE a a/2>-",
			"KEYS_ONLY":          "INSERT a ->-, MODIFY a ->-, REMOVE a ->-",
		} {
			t, arn, shard := b.streamed(view)
			b.changing(t)
			records, _ := b.records(b.iterator(arn, shard, "TRIM_HORIZON", nil), 3)
			b.equal(briefly(records), want)
			for i, r := range records {
				b.equal(r.Dynamodb.StreamViewType, view)
				b.equal(aws.ToString(r.EventSource), "aws:dynamodb")
				if i > 0 && *r.Dynamodb.SequenceNumber <= *records[i-1].Dynamodb.SequenceNumber {
					b.fail("sequence numbers do not rise")
				}
			}
		}
	}},
	{"stream/iterators", func(b *bed) {
		t, arn, shard := b.streamed("NEW_AND_OLD_IMAGES")
		b.changing(t)
		records, next := b.records(b.iterator(arn, shard, "TRIM_HORIZON", nil), 3)
		latest := b.iterator(arn, shard, "LATEST", nil)
		second := records[1].Dynamodb.SequenceNumber
		got, _ := b.records(b.iterator(arn, shard, "AT_SEQUENCE_NUMBER", second), 2)
		b.equal(brief(got[0]), brief(records[1]))
		got, _ = b.records(b.iterator(arn, shard, "AFTER_SEQUENCE_NUMBER", second), 1)
		b.equal(brief(got[0]), brief(records[2]))
		b.put(t, pk("later"))
		for _, it := range []*string{latest, next} {
			got, _ = b.records(it, 1)
			b.equal(brief(got[0]), "INSERT later ->later")
		}
		out, err := b.streams.GetRecords(b.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: b.iterator(arn, shard, "TRIM_HORIZON", nil), Limit: aws.Int32(2)})
		b.must(err)
		b.equal(len(out.Records), 2)
		out, err = b.streams.GetRecords(b.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: out.NextShardIterator})
		b.must(err)
		b.equal(briefly(out.Records), "REMOVE a a/2>-, INSERT later ->later")
	}},
	{"stream/list and describe", func(b *bed) {
		t, arn, shard := b.streamed("KEYS_ONLY")
		out, err := b.streams.ListStreams(b.ctx, &dynamodbstreams.ListStreamsInput{TableName: t})
		b.must(err)
		b.equal(len(out.Streams), 1)
		b.equal(*out.Streams[0].StreamArn, *arn)
		described, err := b.streams.DescribeStream(b.ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
		b.must(err)
		b.equal(described.StreamDescription.StreamStatus, "ENABLED")
		b.equal(*described.StreamDescription.TableName, *t)
		described, err = b.streams.DescribeStream(b.ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn, ShardFilter: &streamtypes.ShardFilter{Type: streamtypes.ShardFilterTypeChildShards, ShardId: shard}})
		b.must(err)
		b.equal(len(described.StreamDescription.Shards), 0)
	}},
	{"stream/refused", func(b *bed) {
		_, arn, shard := b.streamed("KEYS_ONLY")
		_, err := b.streams.DescribeStream(b.ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: aws.String(*arn + "1")})
		b.refused(err, "ResourceNotFoundException")
		_, err = b.streams.GetShardIterator(b.ctx, &dynamodbstreams.GetShardIteratorInput{StreamArn: arn, ShardId: aws.String(*shard + "1"), ShardIteratorType: "LATEST"})
		b.refused(err, "ResourceNotFoundException")
		_, err = b.streams.GetShardIterator(b.ctx, &dynamodbstreams.GetShardIteratorInput{StreamArn: arn, ShardId: shard, ShardIteratorType: "AT_SEQUENCE_NUMBER"})
		b.refused(err, "ValidationException")
		_, err = b.streams.GetRecords(b.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: aws.String("garbage")})
		b.refused(err, "ValidationException")
	}},
	{"stream/of a deleted table", func(b *bed) {
		t, arn, shard := b.streamed("NEW_AND_OLD_IMAGES")
		b.put(t, pk("a"))
		_, err := b.client.DeleteTable(b.ctx, &sdk.DeleteTableInput{TableName: t})
		b.must(err)
		_, next := b.records(b.iterator(arn, shard, "TRIM_HORIZON", nil), 1)
		b.until("the shard ends", func() bool {
			if next == nil {
				return true
			}
			out, err := b.streams.GetRecords(b.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: next})
			b.must(err)
			next = out.NextShardIterator
			return next == nil
		})
	}},
	{"stream/expired items", func(b *bed) {
		if b.expire == nil {
			panic(failure{errSkipped})
		}
		t, arn, shard := b.streamed("OLD_IMAGE")
		b.must(b.timeToLive(t, true))
		b.put(t, attrs{"pk": str("a"), "ttl": num("1700000000")})
		b.put(t, attrs{"pk": str("b"), "ttl": num("1700000000")})
		b.must(b.batchWrite(t, deleteRequest(pk("b"))))
		b.expire(time.Unix(1700000001, 0))
		records, _ := b.records(b.iterator(arn, shard, "TRIM_HORIZON", nil), 4)
		b.equal(briefly(records[2:]), "REMOVE b b/1700000000>-, REMOVE a a/1700000000>-")
		b.equal(records[2].UserIdentity == nil, true)
		b.equal(aws.ToString(records[3].UserIdentity.PrincipalId)+" "+aws.ToString(records[3].UserIdentity.Type), "dynamodb.amazonaws.com Service")
	}},
}
