package arn_test

import (
	"testing"

	"github.com/weir-go/weir/internal/arn"
	"github.com/weir-go/weir/internal/assert"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"arn:aws:sqs:eu-west-1:1:orders.fifo":                                      {"sqs", "orders.fifo"},
		"arn:aws-cn:kinesis:cn-north-1:1:stream/clicks":                            {"kinesis", "clicks"},
		"arn:aws:kinesis:eu-west-1:1:stream/clicks/consumer/c:1760000000":          {"kinesis", "clicks"},
		"arn:aws:dynamodb:eu-west-1:1:table/orders/stream/2026-01-01T00:00:00.000": {"dynamodb", "orders"},
		"arn:aws:kafka:eu-west-1:1:cluster/shop/uuid":                              {"kafka", "shop"},
		"arn:aws:kinesis:eu-west-1:1:x":                                            {},
		"arn:aws:kinesis:eu-west-1:1:stream/":                                      {},
		"arn:aws:mq:eu-west-1:1:broker/b":                                          {},
		"b-1:9092,b-2:9092":                                                        {},
		"a:b:sqs:d:e:f":                                                            {},
		"":                                                                         {},
	} {
		service, name := arn.Split(text)
		assert.Equal(t, [2]string{service, name}, want, text)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("arn:aws:sqs:eu-west-1:1:orders")
	f.Add("arn:aws:dynamodb:eu-west-1:1:table/orders/stream/2026")
	f.Fuzz(func(t *testing.T, text string) {
		if service, name := arn.Split(text); (service == "") != (name == "") || len(service)+len(name) > len(text) {
			t.Fatalf("%q, %q of %q", service, name, text)
		}
	})
}
