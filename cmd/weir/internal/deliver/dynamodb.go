package deliver

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"strconv"
)

type changeRecord struct {
	EventID        string     `json:"eventID"`
	EventName      string     `json:"eventName"`
	EventVersion   string     `json:"eventVersion"`
	EventSource    string     `json:"eventSource"`
	AWSRegion      string     `json:"awsRegion"`
	Change         changeData `json:"dynamodb"`
	EventSourceARN string     `json:"eventSourceARN"`
}

type changeData struct {
	Created        int64           `json:"ApproximateCreationDateTime"` // to the second
	Keys           json.RawMessage `json:"Keys"`
	NewImage       json.RawMessage `json:"NewImage"`
	SequenceNumber string          `json:"SequenceNumber"`
	SizeBytes      int             `json:"SizeBytes"`
	StreamViewType string          `json:"StreamViewType"`
}

// DynamoDB delivers the records as the stream of a table would into which they were put.
func DynamoDB(ctx context.Context, m Mapping, records []Record) (*Outcome, error) {
	s := newStream(&m, len(records))
	numbers := newSequences("4%d%025d", m.Seed)
	for i, r := range records {
		n := shardOf(r.Key)
		sh := &s.shards[n]
		sh.name = fmt.Sprintf("shardId-0000000176731944500%d-%.4x", n, md5.Sum([]byte{byte(n)}))
		sequence := numbers.next(n)
		keys, keysSize := image(r.Item, true)
		item, itemSize := image(r.Item, false)
		text, err := json.Marshal(changeRecord{
			EventID:      fmt.Sprintf("%x", md5.Sum([]byte(sequence))),
			EventName:    "INSERT",
			EventVersion: "1.1",
			EventSource:  "aws:dynamodb",
			AWSRegion:    region,
			Change: changeData{
				Created:        r.Time.Unix(),
				Keys:           keys,
				NewImage:       item,
				SequenceNumber: sequence,
				SizeBytes:      keysSize + itemSize,
				StreamViewType: "NEW_AND_OLD_IMAGES",
			},
			EventSourceARN: "arn:aws:dynamodb:" + region + ":" + account + ":table/flights/stream/2026-01-02T03:04:05.678",
		})
		if err != nil {
			return nil, err
		}
		sh.records = append(sh.records, streamRecord{i, sequence, text})
	}
	return s.run(ctx)
}

// image writes an item, or its key, and returns its size by DynamoDB's rules: names and
// strings count in bytes, two digits of a number take one byte, and one is added.
func image(item []Attribute, keyOnly bool) (text json.RawMessage, size int) {
	for _, a := range item {
		if keyOnly && !a.Key {
			continue
		}
		text = append(text, ',')
		text = append(strconv.AppendQuote(text, a.Name), ':', '{')
		text = append(strconv.AppendQuote(text, a.Type), ':')
		text = append(strconv.AppendQuote(text, a.Value), '}')
		size += len(a.Name) + len(a.Value)
		if a.Type == "N" {
			size += (len(a.Value)+1)/2 + 1 - len(a.Value)
		}
	}
	return append(append(json.RawMessage{'{'}, bytes.TrimPrefix(text, []byte(","))...), '}'), size
}
