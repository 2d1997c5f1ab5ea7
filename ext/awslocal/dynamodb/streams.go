package dynamodb

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Limits of streams. Source: GetRecords and GetShardIterator, DynamoDB Streams API Reference.
const (
	iteratorLife    = 15 * time.Minute
	maxRecords      = 1000
	maxRecordsBytes = 1 << 20
	maxStreams      = 100
)

type listStreamsInput struct {
	TableName               string
	Limit                   *int
	ExclusiveStartStreamArn string
}

func (s *Server) listStreams(_ *call, in *listStreamsInput) (any, error) {
	limit, err := within(in.Limit, maxStreams)
	if err != nil {
		return nil, err
	}
	list := []map[string]any{}
	out := map[string]any{}
	for _, arn := range slices.Sorted(maps.Keys(s.streams)) {
		st := s.streams[arn]
		if arn <= in.ExclusiveStartStreamArn || in.TableName != "" && st.table != in.TableName {
			continue
		}
		if len(list) == limit {
			out["LastEvaluatedStreamArn"] = list[limit-1]["StreamArn"]
			break
		}
		list = append(list, map[string]any{"StreamArn": arn, "StreamLabel": st.label, "TableName": st.table})
	}
	out["Streams"] = list
	return out, nil
}

// within checks a limit that a request may have.
func within(limit *int, most int) (int, error) {
	if limit == nil {
		return most, nil
	}
	if *limit < 1 || *limit > most {
		return 0, invalid("Limit must be 1 to %d, it is %d", most, *limit)
	}
	return *limit, nil
}

func (s *Server) stream(arn string) (*stream, error) {
	st := s.streams[arn]
	if st == nil {
		return nil, refuse("ResourceNotFoundException", "Requested resource not found: Stream: %s not found", arn)
	}
	return st, nil
}

type describeStreamInput struct {
	StreamArn             string
	Limit                 *int
	ExclusiveStartShardID string `json:"ExclusiveStartShardId"`
	ShardFilter           *struct {
		Type    string
		ShardID string `json:"ShardId"`
	}
}

func (s *Server) describeStream(_ *call, in *describeStreamInput) (any, error) {
	if _, err := within(in.Limit, maxStreams); err != nil {
		return nil, err
	}
	st, err := s.stream(in.StreamArn)
	if err != nil {
		return nil, err
	}
	numbers := map[string]any{"StartingSequenceNumber": sequence(st.first)}
	status := "ENABLED"
	if !st.ended.IsZero() {
		numbers["EndingSequenceNumber"] = sequence(st.last)
		status = "DISABLED"
	}
	shards := []map[string]any{{"ShardId": st.shard(), "SequenceNumberRange": numbers}}
	if f := in.ShardFilter; f != nil {
		if f.Type != "CHILD_SHARDS" {
			return nil, invalid("ShardFilter: Type %q: it must be CHILD_SHARDS", f.Type)
		}
		shards = shards[:0] // the only shard is nobody's child
	}
	if in.ExclusiveStartShardID >= st.shard() {
		shards = shards[:0]
	}
	keys := []keySchemaElement{{st.hash.name, "HASH"}}
	if st.sort.name != "" {
		keys = append(keys, keySchemaElement{st.sort.name, "RANGE"})
	}
	return map[string]any{"StreamDescription": map[string]any{
		"StreamArn": st.arn(), "StreamLabel": st.label, "StreamStatus": status, "StreamViewType": st.view,
		"CreationRequestDateTime": seconds(st.created), "TableName": st.table, "KeySchema": keys, "Shards": shards,
	}}, nil
}

// iterator is what a client holds as text: the least sequence number that it has not read.
type iterator struct {
	ARN    string
	Next   uint64
	Issued time.Time
}

// String seals the iterator as a client gets it.
func (it iterator) String() string {
	b, _ := json.Marshal(it) // of text and numbers
	return base64.StdEncoding.EncodeToString(b)
}

type getShardIteratorInput struct {
	StreamArn         string
	ShardID           string `json:"ShardId"`
	ShardIteratorType string
	SequenceNumber    *string
}

func (s *Server) getShardIterator(c *call, in *getShardIteratorInput) (any, error) {
	st, err := s.stream(in.StreamArn)
	if err != nil {
		return nil, err
	}
	if in.ShardID != st.shard() {
		return nil, refuse("ResourceNotFoundException", "Requested resource not found: Shard does not exist")
	}
	st.trim(c.now)
	it := iterator{ARN: in.StreamArn, Issued: c.now}
	switch in.ShardIteratorType {
	case "TRIM_HORIZON":
		it.Next = st.trimmed + 1
	case "LATEST":
		it.Next = st.last + 1
	case "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER":
		if in.SequenceNumber == nil || len(*in.SequenceNumber) != len(sequence(0)) || (*in.SequenceNumber)[0] != '3' {
			return nil, invalid("SequenceNumber must be one that the stream has given")
		}
		n, err := strconv.ParseUint((*in.SequenceNumber)[1:], 10, 64)
		if err != nil {
			return nil, invalid("SequenceNumber must be one that the stream has given")
		}
		if in.ShardIteratorType == "AFTER_SEQUENCE_NUMBER" {
			n++
		}
		it.Next = n
	default:
		return nil, invalid("ShardIteratorType %q: it must be TRIM_HORIZON, LATEST, AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER", in.ShardIteratorType)
	}
	if it.Next <= st.trimmed {
		return nil, trimmed()
	}
	return map[string]any{"ShardIterator": it.String()}, nil
}

func trimmed() error {
	return refuse("TrimmedDataAccessException", "The requested data has been trimmed: a stream keeps records for 24 hours")
}

type getRecordsInput struct {
	ShardIterator string
	Limit         *int
}

func (s *Server) getRecords(c *call, in *getRecordsInput) (any, error) {
	limit, err := within(in.Limit, maxRecords)
	if err != nil {
		return nil, err
	}
	var it iterator
	text, err := base64.StdEncoding.DecodeString(in.ShardIterator)
	if err == nil {
		err = json.Unmarshal(text, &it)
	}
	if err != nil {
		return nil, invalid("Invalid ShardIterator: it is none that GetShardIterator or GetRecords gave")
	}
	st, err := s.stream(it.ARN)
	if err != nil {
		return nil, err
	}
	st.trim(c.now)
	switch {
	case c.now.Sub(it.Issued) > iteratorLife:
		return nil, refuse("ExpiredIteratorException", "The shard iterator has expired: it is good for 15 minutes")
	case it.Next <= st.trimmed:
		return nil, trimmed()
	}
	from, _ := slices.BinarySearchFunc(st.records, it.Next, func(r streamRecord, n uint64) int {
		if r.sequence < n {
			return -1
		}
		return 1
	})
	records, bytes := []map[string]any{}, 0
	next := iterator{it.ARN, it.Next, c.now}
	for _, r := range st.records[from:] {
		size := r.size(st.view)
		if len(records) == limit || len(records) > 0 && bytes+size > maxRecordsBytes {
			break
		}
		bytes += size
		records = append(records, r.describe(st.view))
		next.Next = r.sequence + 1
	}
	out := map[string]any{"Records": records}
	if st.ended.IsZero() || next.Next <= st.last {
		out["NextShardIterator"] = next.String()
	}
	return out, nil
}
