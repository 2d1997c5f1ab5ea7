package envelope

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/room"
)

// CloudWatchLogs opens what a subscription filter of CloudWatch Logs puts into a Kinesis stream,
// JSON in gzip: v gets each log event, which LogEvent decodes, or its message alone, see
// MessageOnly.
//
//	weir.Kinesis(envelope.CloudWatchLogs(weir.Each(func(ctx context.Context, e envelope.LogEvent) error { ... })))
//
// A CONTROL_MESSAGE, by which CloudWatch Logs tries out whether the stream can be reached, holds
// nothing and is done. What is neither that nor a DATA_MESSAGE is undecodable.
//
// Each log event takes room of MaxTotal: its text with what it shares with the others, which is copied
// for each, and 512 bytes.
//
// Source: "Log group-level subscription filters", Amazon CloudWatch Logs User Guide.
func CloudWatchLogs(v weir.Verb, opts ...LogsOption) weir.Verb {
	conf := logsConfig{limits: defaultLimits}
	for i, o := range opts {
		if o == nil {
			return refused{fmt.Errorf("envelope: CloudWatchLogs: option %d is nil", i)}
		}
		o.applyLogs(&conf)
	}
	if err := conf.check(); err != nil {
		return refused{fmt.Errorf("envelope: CloudWatchLogs: %w", err)}
	}
	return &roomy{"CloudWatchLogs", v, conf.limits, func(m *weir.Message, s *room.Share) ([]weir.Message, error) {
		text, err := gzipped.read(m.Payload, conf.maxBytes, s)
		if err != nil {
			return nil, err
		}
		events, err := readLogs(text, conf.messageOnly, s)
		if err != nil {
			return nil, err
		}
		return several(m, events), nil
	}}
}

// LogsOption applies to CloudWatchLogs.
type LogsOption interface{ applyLogs(*logsConfig) }

type logsConfig struct {
	limits
	messageOnly bool
}

type messageOnly struct{}

// MessageOnly makes the message of a log event the payload, as the application logged it: an
// application that logs JSON is read into its own type.
func MessageOnly() LogsOption { return messageOnly{} }

func (messageOnly) applyLogs(c *logsConfig) { c.messageOnly = true }

// LogEvent is one log event, with what it shares with the others that came with it.
type LogEvent struct {
	Owner               string            `json:"owner"` // the account of the log group
	LogGroup            string            `json:"logGroup"`
	LogStream           string            `json:"logStream"`
	SubscriptionFilters []string          `json:"subscriptionFilters"` // the names of those that matched
	PolicyLevel         string            `json:"policyLevel"`         // ACCOUNT_LEVEL_POLICY, or "" for a log group's filter
	ID                  string            `json:"id"`
	Timestamp           int64             `json:"timestamp"` // in milliseconds since 1970, see Time
	Message             string            `json:"message"`
	ExtractedFields     map[string]string `json:"extractedFields"` // by the filter's pattern, nil if it extracts none
}

// Time is when it was logged.
func (e LogEvent) Time() time.Time { return time.UnixMilli(e.Timestamp) }

// readLogs returns the payloads of the log events in a message.
func readLogs(text []byte, messageOnly bool, share *room.Share) (payloads [][]byte, err error) {
	var kind string
	var list []byte
	shared := []byte{'{'}
	ok := members(text, func(s *jsonscan.Scanner, key string) bool {
		switch key {
		case "messageType":
			kind = str(s)
		case "logEvents":
			list = value(s, text)
		case "owner", "logGroup", "logStream", "subscriptionFilters", "policyLevel":
			shared = append(shared, '"')
			shared = append(shared, key...)
			shared = append(shared, `":`...)
			shared = append(append(shared, value(s, text)...), ',')
		}
		return true
	})
	switch {
	case !ok:
		return nil, damaged("CloudWatch Logs", "not a JSON object")
	case kind == "CONTROL_MESSAGE":
		return nil, nil
	case kind != "DATA_MESSAGE":
		return nil, damaged("CloudWatch Logs", "the messageType is %.40q, not DATA_MESSAGE", kind)
	}
	each := int64(room.Part + len(shared))
	if messageOnly {
		each = room.Part
	}
	events, ok, err := items(list, func(event []byte) error { return share.Take(each + int64(len(event))) })
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, damaged("CloudWatch Logs", "logEvents is no list of objects")
	}
	for i, e := range events {
		if !messageOnly {
			events[i] = joined(shared, e)
			continue
		}
		var event struct {
			Message *string `json:"message"`
		}
		if err := json.Unmarshal(e, &event); err != nil || event.Message == nil {
			return nil, damaged("CloudWatch Logs", "log event %d has no message", i)
		}
		events[i] = []byte(*event.Message)
	}
	return events, nil
}

// joined is an object that has the members of two. shared is without its end, and with a comma
// if it has a member.
func joined(shared, object []byte) []byte {
	b := make([]byte, 0, len(shared)+len(object))
	b = append(b, shared...)
	rest := object[1:] // behind its bracket
	if strings.TrimLeft(view(rest), " \t\r\n") == "}" && len(shared) > 1 {
		b = b[:len(b)-1] // without the comma
	}
	return append(b, rest...)
}
