package offload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// The class names of pointers. Java's JSON library writes them, and everybody else does too.
const (
	pointerClass = "software.amazon.payloadoffloading.PayloadS3Pointer"
	legacyClass  = "com.amazon.sqs.javamessaging.MessageS3Pointer" // of the Java client until 1.x
)

const (
	maxKey    = 1024 // bytes of a key in S3
	maxBucket = 2048 // bytes of what an S3 client takes for a bucket: a name, or an access point's ARN
)

// Pointer says where a payload is.
type Pointer struct{ Bucket, Key string }

// String is s3://bucket/key.
func (p Pointer) String() string { return "s3://" + p.Bucket + "/" + p.Key }

type location struct {
	Bucket string `json:"s3BucketName"`
	Key    string `json:"s3Key"`
}

// Body is the message body that stands for the payload:
//
//	["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"b","s3Key":"k"}]
func (p Pointer) Body() string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode([]any{pointerClass, location(p)}) // strings, which cannot fail
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// ParsePointer reads a pointer, as Pointer.Body and the extended clients of AWS write it, in whatever
// layout and order of keys.
func ParsePointer(body []byte) (Pointer, error) {
	if !utf8.Valid(body) {
		return Pointer{}, errors.New("it is not UTF-8")
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(body, &parts); err != nil {
		return Pointer{}, fmt.Errorf("it is no JSON array: %w", err)
	}
	if len(parts) != 2 {
		return Pointer{}, fmt.Errorf("it has %d elements, not a class name and an object", len(parts))
	}
	class, err := text(parts[0])
	if err != nil {
		return Pointer{}, fmt.Errorf("the class name: %w", err)
	}
	if class != pointerClass && class != legacyClass {
		return Pointer{}, fmt.Errorf("the class %.100q is none of %s and %s", class, pointerClass, legacyClass)
	}
	var fields map[string]json.RawMessage // not a struct, which would take a name in any case
	if err := json.Unmarshal(parts[1], &fields); err != nil {
		return Pointer{}, fmt.Errorf("behind the class name stands no object: %w", err)
	}
	var p Pointer
	if p.Bucket, err = text(fields["s3BucketName"]); err != nil {
		return Pointer{}, fmt.Errorf("s3BucketName: %w", err)
	}
	if p.Key, err = text(fields["s3Key"]); err != nil {
		return Pointer{}, fmt.Errorf("s3Key: %w", err)
	}
	return p, p.check()
}

func (p Pointer) check() error {
	for _, f := range []struct {
		name, value string
		most        int
	}{{"s3BucketName", p.Bucket, maxBucket}, {"s3Key", p.Key, maxKey}} {
		switch {
		case f.value == "":
			return fmt.Errorf("%s is empty", f.name)
		case len(f.value) > f.most:
			return fmt.Errorf("%s has %d bytes, more than the %d that S3 allows", f.name, len(f.value), f.most)
		}
	}
	return nil
}

// text reads a JSON string.
func text(raw json.RawMessage) (string, error) {
	if raw == nil {
		return "", errors.New("it is missing")
	}
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", fmt.Errorf("%.40s is no string", raw)
	}
	return *s, nil
}

// mayPoint reports whether a payload can be a pointer: a JSON array whose first element is a
// string. It is what every record is asked, so it costs nothing.
func mayPoint(payload []byte) bool {
	rest := trim(payload)
	if len(rest) == 0 || rest[0] != '[' {
		return false
	}
	rest = trim(rest[1:])
	return len(rest) > 0 && rest[0] == '"'
}

// trim cuts off JSON's white space.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\n' || b[0] == '\t' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}
