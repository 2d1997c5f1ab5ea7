// Package peers holds the Go programs under comparison. Each is a lambda.Handler: bytes of an
// event in, bytes of the partial batch response out; it decodes every record and calls
// package model's handler. To add one, write NAME.go beside the others and add it to All;
// the test compares its failures with those of std.
package peers

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/reference"
	"github.com/weir-go/weir/bench/std"
)

// Peer makes handlers, one for each source it has.
type Peer struct {
	Name string
	For  map[corpus.Source]func() lambda.Handler
}

// All returns the peers in the order in which they run.
func All() []Peer {
	all := []Peer{
		{"weir", map[corpus.Source]func() lambda.Handler{corpus.SQS: weirSQS, corpus.Kinesis: weirKinesis, corpus.DynamoDB: weirDynamoDB}},
		{"weir-new", map[corpus.Source]func() lambda.Handler{corpus.DynamoDB: weirNewImage}},
		{"safe-plan", map[corpus.Source]func() lambda.Handler{corpus.SQS: reference.SQS, corpus.Kinesis: reference.Kinesis}},
		{"std", map[corpus.Source]func() lambda.Handler{corpus.SQS: std.SQS, corpus.Kinesis: std.Kinesis, corpus.DynamoDB: std.DynamoDB}},
	}
	return append(all, sonicPeers()...)
}

// New returns the handler of the peer called name, or nil if it has none for the source.
func New(name string, source corpus.Source) lambda.Handler {
	for _, p := range All() {
		if p.Name == name && p.For[source] != nil {
			return p.For[source]()
		}
	}
	return nil
}
