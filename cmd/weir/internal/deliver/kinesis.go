package deliver

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"math/rand/v2"
)

type kinesisRecord struct {
	Kinesis           kinesisData `json:"kinesis"`
	EventSource       string      `json:"eventSource"`
	EventVersion      string      `json:"eventVersion"`
	EventID           string      `json:"eventID"`
	EventName         string      `json:"eventName"`
	InvokeIdentityARN string      `json:"invokeIdentityArn"`
	AWSRegion         string      `json:"awsRegion"`
	EventSourceARN    string      `json:"eventSourceARN"`
}

type kinesisData struct {
	SchemaVersion  string      `json:"kinesisSchemaVersion"`
	PartitionKey   string      `json:"partitionKey"`
	SequenceNumber string      `json:"sequenceNumber"`
	Data           []byte      `json:"data"`
	Arrival        json.Number `json:"approximateArrivalTimestamp"`
}

// Kinesis delivers the records as a data stream would.
func Kinesis(ctx context.Context, m Mapping, records []Record) (*Outcome, error) {
	s := newStream(&m, len(records))
	numbers := newSequences("4954511524349098501828006771497314%d%021d", m.Seed)
	for i, r := range records {
		n := shardOf(r.Key)
		sh := &s.shards[n]
		sh.name = fmt.Sprintf("shardId-%012d", n)
		sequence := numbers.next(n)
		text, err := json.Marshal(kinesisRecord{
			Kinesis: kinesisData{
				SchemaVersion:  "1.0",
				PartitionKey:   r.Key,
				SequenceNumber: sequence,
				Data:           []byte(r.Data),
				Arrival:        json.Number(fmt.Sprintf("%d.%03d", r.Time.Unix(), r.Time.Nanosecond()/1e6)),
			},
			EventSource:       "aws:kinesis",
			EventVersion:      "1.0",
			EventID:           sh.name + ":" + sequence,
			EventName:         "aws:kinesis:record",
			InvokeIdentityARN: "arn:aws:iam::" + account + ":role/flights-role",
			AWSRegion:         region,
			EventSourceARN:    "arn:aws:kinesis:" + region + ":" + account + ":stream/flights",
		})
		if err != nil {
			return nil, err
		}
		sh.records = append(sh.records, streamRecord{i, sequence, text})
	}
	return s.run(ctx)
}

// shardOf returns the shard whose range of hash keys has the MD5 of the partition key. The
// shards divide the 128 bits evenly, so the upper half decides.
func shardOf(key string) int {
	sum := md5.Sum([]byte(key))
	n, _ := bits.Mul64(binary.BigEndian.Uint64(sum[:]), Shards)
	return int(n)
}

// sequences counts up the sequence numbers of shards, with gaps as in a real stream.
type sequences struct {
	format string // of a shard and a number
	last   [Shards]uint64
	rand   *rand.Rand
}

func newSequences(format string, seed uint64) *sequences {
	s := &sequences{format: format, rand: rand.New(rand.NewPCG(seed, 0x5e9))}
	for i := range s.last {
		s.last[i] = 1_800_620_593_244_200_961
	}
	return s
}

func (s *sequences) next(shard int) string {
	s.last[shard] += 1 + s.rand.Uint64N(1<<20)
	return fmt.Sprintf(s.format, shard, s.last[shard])
}
