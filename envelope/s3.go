package envelope

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/room"
)

// S3 opens the event notifications that a bucket sends to a queue: v gets each record in one, which
// S3Record decodes. From a topic they come in SNS, and by EventBridge in another form, S3Detail:
//
//	weir.SQS(envelope.S3(weir.Each(onObject)))
//	weir.SQS(envelope.SNS(envelope.S3(weir.Each(onObject))))
//	weir.SQS(envelope.EventBridge(weir.Each(onDetail)))
//
// The s3:TestEvent that S3 sends when notifications are set up holds nothing, and is done. What is
// neither is undecodable, and so is a notification with a record of another service.
//
// S3 writes few records into one notification. Many, as somebody else may write them, are bounded by
// MaxTotal.
//
// Source: "Event message structure", Amazon S3 User Guide.
func S3(v weir.Verb, opts ...PartsOption) weir.Verb {
	limits, err := partsLimits("S3", opts)
	if err != nil {
		return refused{err}
	}
	return &roomy{"S3", v, limits, func(m *weir.Message, s *room.Share) ([]weir.Message, error) {
		records, err := readS3(m.Payload, s)
		if err != nil {
			return nil, err
		}
		return several(m, records), nil
	}}
}

// several makes records of what one carries.
func several(m *weir.Message, payloads [][]byte) []weir.Message {
	parts := make([]weir.Message, len(payloads))
	for i, p := range payloads {
		parts[i] = m.WithPart(i, p)
	}
	return parts
}

// readS3 returns the records of a notification, each as it stands.
func readS3(payload []byte, share *room.Share) (records [][]byte, err error) {
	var list []byte
	var event string
	ok := members(payload, func(s *jsonscan.Scanner, key string) bool {
		switch key {
		case "Records":
			list = value(s, payload)
		case "Event":
			event = str(s)
		}
		return true
	})
	switch {
	case !ok:
		return nil, damaged("S3", "not a JSON object")
	case list == nil && event == "s3:TestEvent":
		return nil, nil
	case list == nil:
		return nil, damaged("S3", "not a notification: it has no Records")
	}
	records, ok, err = items(list, func([]byte) error { return share.Take(room.Part) })
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, damaged("S3", "not a notification: Records is no list of objects")
	}
	for i, r := range records {
		source := ""
		members(r, func(s *jsonscan.Scanner, key string) bool {
			if key == "eventSource" {
				source = str(s)
			}
			return true
		})
		if !strings.HasSuffix(source, ":s3") { // that of other stores begins otherwise
			return nil, damaged("S3", "record %d comes from %.40q, not from aws:s3", i, source)
		}
	}
	return records, nil
}

// items splits a list of objects, which is known to be JSON. take takes room for each.
func items(list []byte, take func(object []byte) error) (objects [][]byte, ok bool, err error) {
	s := jsonscan.Scanner{}
	s.Reset(view(list))
	if s.Kind() != '[' {
		return nil, false, nil
	}
	for s.Array(); s.MoreItems(); {
		if s.Kind() != '{' {
			return nil, false, nil
		}
		object := value(&s, list)
		if err := take(object); err != nil {
			return nil, true, err
		}
		objects = append(objects, object)
	}
	return objects, s.Err() == nil, nil
}

// S3Record is one record of an event notification: what happened to one object.
type S3Record struct {
	EventName string    // such as ObjectCreated:Put
	EventTime time.Time // when S3 finished the request
	Region    string
	Bucket    string
	BucketARN string
	Key       string // as the object is called: it is URL-decoded
	VersionID string // "" if the bucket has no versions
	Size      int64  // in bytes, 0 for events of deletion
	ETag      string
	Sequencer string // compares events of one key as Newer does

	EventVersion    string
	ConfigurationID string // of the notification's configuration
	PrincipalID     string // who did it
	SourceIP        string
}

// s3Record is how S3 writes it.
type s3Record struct {
	EventVersion string    `json:"eventVersion"`
	Region       string    `json:"awsRegion"`
	EventTime    time.Time `json:"eventTime"`
	EventName    string    `json:"eventName"`
	UserIdentity struct {
		PrincipalID string `json:"principalId"`
	} `json:"userIdentity"`
	RequestParameters struct {
		SourceIP string `json:"sourceIPAddress"`
	} `json:"requestParameters"`
	S3 *struct {
		ConfigurationID string `json:"configurationId"`
		Bucket          struct {
			Name string `json:"name"`
			ARN  string `json:"arn"`
		} `json:"bucket"`
		Object struct {
			Key       string `json:"key"`
			Size      int64  `json:"size"`
			ETag      string `json:"eTag"`
			VersionID string `json:"versionId"`
			Sequencer string `json:"sequencer"`
		} `json:"object"`
	} `json:"s3"`
}

// UnmarshalJSON reads a record as it stands in a notification.
func (r *S3Record) UnmarshalJSON(text []byte) error {
	var w s3Record
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	if w.S3 == nil || w.S3.Bucket.Name == "" || w.S3.Object.Key == "" {
		return errors.New("S3: the record names no object")
	}
	key, err := unescapeKey(w.S3.Object.Key)
	if err != nil {
		return err
	}
	o := w.S3.Object
	*r = S3Record{
		EventName: w.EventName, EventTime: w.EventTime, Region: w.Region,
		Bucket: w.S3.Bucket.Name, BucketARN: w.S3.Bucket.ARN,
		Key: key, VersionID: o.VersionID, Size: o.Size, ETag: o.ETag, Sequencer: o.Sequencer,
		EventVersion: w.EventVersion, ConfigurationID: w.S3.ConfigurationID,
		PrincipalID: w.UserIdentity.PrincipalID, SourceIP: w.RequestParameters.SourceIP,
	}
	return nil
}

// Newer reports whether the event is of a later state of the object than other's, which must have
// the same bucket and key. S3 delivers them in any order.
//
// Source: "Event message structure", Amazon S3 User Guide: sequencers are compared as hexadecimal
// numbers, the shorter one filled up with zeros on the right.
func (r S3Record) Newer(other S3Record) bool { return newer(r.Sequencer, other.Sequencer) }

func newer(a, b string) bool {
	n := max(len(a), len(b))
	fill := func(s string) string { return strings.ToUpper(s) + strings.Repeat("0", n-len(s)) }
	return fill(a) > fill(b)
}

// unescapeKey decodes a key as S3 writes it into notifications: %XX, and + for a space.
func unescapeKey(key string) (string, error) {
	if !strings.ContainsAny(key, "%+") {
		return key, nil
	}
	b := make([]byte, 0, len(key))
	for i := 0; i < len(key); i++ {
		switch c := key[i]; c {
		case '+':
			b = append(b, ' ')
		case '%':
			if i+2 >= len(key) {
				return "", fmt.Errorf("S3: the key %.100q ends within an escape", key)
			}
			v, err := strconv.ParseUint(key[i+1:i+3], 16, 8)
			if err != nil {
				return "", fmt.Errorf("S3: the key %.100q has a bad escape", key)
			}
			b = append(b, byte(v))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b), nil
}

// S3Detail is the detail of an event that S3 sends by EventBridge: see EventBridge. What kind of
// event it is, such as "Object Created", stands in its detail-type, and when it was in its time.
//
// Source: "EventBridge event message structure", Amazon S3 User Guide.
type S3Detail struct {
	Bucket struct {
		Name string `json:"name"`
	} `json:"bucket"`
	Object struct {
		Key       string `json:"key"` // not URL-encoded here
		Size      int64  `json:"size"`
		ETag      string `json:"etag"`
		VersionID string `json:"version-id"`
		Sequencer string `json:"sequencer"`
	} `json:"object"`
	RequestID string `json:"request-id"`
	Requester string `json:"requester"`
	SourceIP  string `json:"source-ip-address"`
	Reason    string `json:"reason"`        // such as PutObject
	Deletion  string `json:"deletion-type"` // of Object Deleted
}
