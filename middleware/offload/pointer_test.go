package offload_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware/offload"
)

const class = "software.amazon.payloadoffloading.PayloadS3Pointer"

// What others write. The first is PayloadS3Pointer.toJson of payload-offloading-java-common-lib-for-aws,
// the second the Java client's of 1.x, the third json.dumps of the Python clients.
var pointers = []string{
	`["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"large","s3Key":"a/b-1"}]`,
	`["com.amazon.sqs.javamessaging.MessageS3Pointer",{"s3BucketName":"large","s3Key":"a/b-1"}]`,
	`["software.amazon.payloadoffloading.PayloadS3Pointer", {"s3BucketName": "large", "s3Key": "a/b-1"}]`,
	`["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3Key":"a/b-1","s3BucketName":"large"}]`,
	"\r\n [\t\"software.amazon.payloadoffloading.PayloadS3Pointer\" ,\n\n{ \"s3BucketName\" : \"large\" , \"s3Key\" : \"a/b-1\" } ] \n",
	`["software.amazon.payloadoffloading.PayloadS3Pointer",{"x":[{"s3Key":1}],"s3BucketName":"large","s3Key":"a/b-1","S3KEY":"c"}]`,
	`["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"\u006carge","s3Key":"a\/b-1"}]`,
}

func TestParsePointer(t *testing.T) {
	t.Parallel()
	for _, body := range pointers {
		p, err := offload.ParsePointer([]byte(body))
		assert.NoError(t, err)
		assert.Equal(t, p, offload.Pointer{Bucket: "large", Key: "a/b-1"}, body)
	}
	// A key with what HTML or Python would escape.
	p, err := offload.ParsePointer([]byte(`["` + class + `", {"s3BucketName": "large", "s3Key": "\u00fc<&>\ud83d\ude00"}]`))
	assert.NoError(t, err)
	assert.Equal(t, p.Key, "ü<&>😀")
	assert.Equal(t, p.Body(), `["`+class+`",{"s3BucketName":"large","s3Key":"ü<&>😀"}]`)
	assert.Equal(t, p.String(), "s3://large/ü<&>😀")
}

func TestPointerBody(t *testing.T) {
	t.Parallel()
	assert.Equal(t, offload.Pointer{Bucket: "large", Key: "a/b-1"}.Body(), pointers[0])
}

var noPointers = map[string]string{
	``:                             "no JSON array",
	`{}`:                           "no JSON array",
	`null`:                         "0 elements",
	`["` + class + `"`:             "no JSON array",
	`["` + class + `"]`:            "it has 1 elements",
	`["` + class + `",{},{}]`:      "it has 3 elements",
	`[1,{}]`:                       "the class name: 1 is no string",
	`["` + class + `",null]`:       "s3BucketName: it is missing",
	`["` + class + `",[]]`:         "no object",
	`["` + class + `","s3://b/k"]`: "no object",
	`["java.lang.String",{"s3BucketName":"b","s3Key":"k"}]`:                      `the class "java.lang.String" is none of`,
	`["` + class + `",{"s3BucketName":"b"}]`:                                     "s3Key: it is missing",
	`["` + class + `",{"S3BucketName":"b","s3Key":"k"}]`:                         "s3BucketName: it is missing",
	`["` + class + `",{"s3BucketName":null,"s3Key":"k"}]`:                        "s3BucketName: null is no string",
	`["` + class + `",{"s3BucketName":"b","s3Key":["k"]}]`:                       `s3Key: ["k"] is no string`,
	`["` + class + `",{"s3BucketName":"","s3Key":"k"}]`:                          "s3BucketName is empty",
	`["` + class + `",{"s3BucketName":"b","s3Key":""}]`:                          "s3Key is empty",
	`["` + class + `",{"s3BucketName":"b","s3Key":"k"}] and`:                     "no JSON array",
	`["` + class + "\",{\"s3BucketName\":\"b\",\"s3Key\":\"\xff\"}]":             "not UTF-8",
	`["` + class + `",{"s3BucketName":"b","s3Key":"` + k(1025) + `"}]`:           "s3Key has 1025 bytes, more than the 1024",
	`["` + class + `",{"s3BucketName":"` + k(1<<20) + `","s3Key":"k"}]`:          "s3BucketName has 1048576 bytes",
	`["` + k(1<<20) + `",{"s3BucketName":"b","s3Key":"k"}]`:                      "is none of",
	`["` + class + `",{"s3BucketName":"b","s3Key":` + strings.Repeat("[", 1<<16): "no JSON array",
}

func k(n int) string { return strings.Repeat("k", n) }

func TestNoPointer(t *testing.T) {
	t.Parallel()
	for body, want := range noPointers {
		_, err := offload.ParsePointer([]byte(body))
		assert.Error(t, err, want)
		if n := len(err.Error()); n > 400 {
			t.Errorf("the error has %d bytes", n)
		}
	}
}

// What is read as a pointer can be written and read again, and is what a plain JSON reader finds.
func FuzzParsePointer(f *testing.F) {
	for _, body := range pointers {
		f.Add([]byte(body))
	}
	for body := range noPointers {
		if len(body) < 4096 {
			f.Add([]byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := offload.ParsePointer(body)
		if err != nil {
			return
		}
		var parts []any
		if err := json.Unmarshal(body, &parts); err != nil || len(parts) != 2 {
			t.Fatalf("%q is no pair: %v", body, err)
		}
		fields := parts[1].(map[string]any)
		assert.Equal(t, p, offload.Pointer{Bucket: fields["s3BucketName"].(string), Key: fields["s3Key"].(string)})
		again, err := offload.ParsePointer([]byte(p.Body()))
		assert.NoError(t, err)
		assert.Equal(t, again, p)
	})
}
