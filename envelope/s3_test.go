package envelope_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

// s3Put is a record as S3 writes it.
func s3Put(key string) string {
	return `{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-west-2","eventTime":"1970-01-01T00:00:00.123Z","eventName":"ObjectCreated:Put",
"userIdentity":{"principalId":"AIDAJDPLRKLG7UEXAMPLE"},"requestParameters":{"sourceIPAddress":"127.0.0.1"},
"responseElements":{"x-amz-request-id":"C3D13FE58DE4C810"},"s3":{"s3SchemaVersion":"1.0","configurationId":"testConfigRule",
"bucket":{"name":"amzn-s3-demo-bucket","ownerIdentity":{"principalId":"A3NL1KOZZKExample"},"arn":"arn:aws:s3:::amzn-s3-demo-bucket"},
"object":{"key":` + quoted(key) + `,"size":1024,"eTag":"d41d8cd98f00b204e9800998ecf8427e","versionId":"096fKKXTRTtl3on89fVO.nfljtsv6qko","sequencer":"0055AED6DCD90281E5"}}}`
}

func s3Body(records ...string) string { return `{"Records":[` + strings.Join(records, ",") + `]}` }

func ExampleS3() {
	created := func(ctx context.Context, r envelope.S3Record) error {
		m, _ := weir.FromContext(ctx)
		fmt.Println(m.ID, m.Part, r.EventName, r.Bucket, r.Key)
		if r.Key == "b" {
			return fmt.Errorf("cannot read %s", r.Key)
		}
		return nil
	}
	fn := weir.SQS(envelope.SNS(envelope.S3(weir.Each(created))))
	out, _ := fn.Invoke(context.Background(), weirtest.SQS(
		weirtest.Record{ID: "m1", Value: snsBody(s3Body(s3Put("my+photo%282%29.jpg"), s3Put("b")), "")},
		weirtest.Record{ID: "m2", Value: s3Body(s3Put("c"))}, // delivered raw
		weirtest.Record{ID: "m3", Value: `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"amzn-s3-demo-bucket","RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE"}`},
	).JSON())
	fmt.Println(string(out))
	// Output:
	// m1 0 ObjectCreated:Put amzn-s3-demo-bucket my photo(2).jpg
	// m1 1 ObjectCreated:Put amzn-s3-demo-bucket b
	// m2 0 ObjectCreated:Put amzn-s3-demo-bucket c
	// {"batchItemFailures":[{"itemIdentifier":"m1"}]}
}

func TestS3(t *testing.T) {
	t.Parallel()
	a, b := s3Put("a"), `{"eventSource":"minio:s3"}`
	for payload, want := range map[string][]string{
		s3Body(a):       {"0:" + a},
		s3Body(a, b, a): {"0:" + a, "1:" + b, "2:" + a},
		"{ \"Records\" : [ " + b + " ,\n" + b + " ] } ":  {"0:" + b, "1:" + b},
		`{"Event":"s3:TestEvent"}`:                       nil,
		`{"Records":[]}`:                                 nil,
		`{"Event":"s3:TestEvent","Records":[` + b + `]}`: {"0:" + b},
	} {
		got, err := opened(t, notified, payload)
		assert.NoError(t, err)
		assert.Equal(t, got, want)
	}
	for payload, why := range map[string]string{
		"": "not a JSON object", " ": "not a JSON object", "[]": "not a JSON object", s3Body(a) + "x": "not a JSON object", s3Body(a)[:50]: "not a JSON object",
		`{}`: "no Records", `{"records":[]}`: "no Records", `{"Event":"other"}`: "no Records", `{"Event":["s3:TestEvent"]}`: "no Records",
		`{"Records":null}`: "no list", `{"Records":{}}`: "no list", `{"Records":[1]}`: "no list", `{"Records":[` + a + `,null]}`: "no list",
		s3Body(a, `{}`):                           `record 1 comes from "", not from aws:s3`,
		s3Body(`{"eventSource":"aws:sqs"}`):       `record 0 comes from "aws:sqs"`,
		s3Body(`{"eventSource":1}`):               `record 0 comes from ""`,
		s3Body(`{"eventSource":"aws:s3fake"}`, a): `record 0 comes from`,
	} {
		got, err := opened(t, notified, payload)
		undecodable(t, got, err, "S3", why)
	}
}

func TestS3Record(t *testing.T) {
	t.Parallel()
	var r envelope.S3Record
	assert.NoError(t, json.Unmarshal([]byte(s3Put("a%2Bb+%C3%A9/%e6%97%a5")), &r))
	assert.Equal(t, r, envelope.S3Record{
		EventName: "ObjectCreated:Put", EventTime: time.UnixMilli(123).UTC(), Region: "us-west-2", Bucket: "amzn-s3-demo-bucket",
		BucketARN: "arn:aws:s3:::amzn-s3-demo-bucket", Key: "a+b é/日", VersionID: "096fKKXTRTtl3on89fVO.nfljtsv6qko", Size: 1024,
		ETag: "d41d8cd98f00b204e9800998ecf8427e", Sequencer: "0055AED6DCD90281E5", EventVersion: "2.1", ConfigurationID: "testConfigRule",
		PrincipalID: "AIDAJDPLRKLG7UEXAMPLE", SourceIP: "127.0.0.1",
	})
	for _, bad := range []string{`{}`, `{"s3":null}`, s3Put(""), s3Put("%"), s3Put("a%2"), s3Put("%zz"), s3Put("%+1"), `{"s3":{"object":{"key":"k"}}}`, `[]`, `{"s3":1}`} {
		if err := json.Unmarshal([]byte(bad), &r); err == nil {
			t.Errorf("no error: %s", bad)
		}
	}
	// One that is damaged is undecodable by itself.
	var got []string
	l := weir.SQS(envelope.S3(weir.Each(func(_ context.Context, r envelope.S3Record) error {
		got = append(got, r.Key)
		return nil
	})), weir.OnUndecodable(weir.DropUndecodable))
	weirtest.Run(t.Context(), l, weirtest.SQS(s3Body(s3Put("a"), s3Put("%"), s3Put("c")), "x", s3Body(s3Put("d")))).
		Want(t, weirtest.Dropped, weirtest.Dropped, weirtest.Succeeded)
	assert.Equal(t, got, []string{"a", "c", "d"})
}

func TestS3Newer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{{"02", "01", true}, {"01", "02", false}, {"01", "01", false}, {"0A", "09", true}, {"0a", "0B", false}, {"010", "01", false}, {"011", "01", true}, {"02", "0111", true}, {"01", "", true}} {
		assert.Equal(t, envelope.S3Record{Sequencer: c.a}.Newer(envelope.S3Record{Sequencer: c.b}), c.want, c.a, " ", c.b)
	}
}

// FuzzS3Record: keys are decoded as net/url does, and what can be read has one.
func FuzzS3Record(f *testing.F) {
	f.Add("a%2Bb+%C3%A9")
	f.Add("%+1")
	f.Add("%")
	f.Fuzz(func(t *testing.T, key string) {
		key = strings.ToValidUTF8(key, "?")
		want, wantErr := url.QueryUnescape(key)
		var r envelope.S3Record
		err := json.Unmarshal([]byte(s3Put(key)), &r)
		if (err == nil) != (wantErr == nil && key != "") {
			t.Fatalf("%q: %v, want %v", key, err, wantErr)
		}
		if err == nil && r.Key != want {
			t.Fatalf("%q became %q, want %q", key, r.Key, want)
		}
	})
}

func FuzzS3(f *testing.F) {
	f.Add(s3Body(`{"eventSource":"aws:s3"}`, ` {"eventSource":"aws:s3","a":[{}]} `))
	f.Add(`{"Event":"s3:TestEvent"}`)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := viaRunner(t, notified, body)
		var w map[string]json.RawMessage
		var records []json.RawMessage
		whole := json.Unmarshal([]byte(body), &w) == nil && json.Unmarshal(w["Records"], &records) == nil && records != nil
		for _, r := range records {
			var one map[string]any
			_ = json.Unmarshal(r, &one)
			source, _ := one["eventSource"].(string)
			whole = whole && strings.HasSuffix(source, ":s3")
		}
		if !whole {
			if err == nil && (len(got) > 0 || string(w["Records"]) != "" || !strings.Contains(body, "s3:")) && !strings.Contains(body, `\u`) {
				t.Fatalf("%q became %q", body, got)
			}
			return
		}
		assert.NoError(t, err)
		assert.Equal(t, len(got), len(records))
		for i, r := range records {
			assert.Equal(t, got[i], fmt.Sprint(i, ":", string(r)))
		}
	})
}
