package envelopetest

import (
	"math/rand/v2"
	"testing"
)

func FuzzSQS(f *testing.F)     { fuzz(f, sqs, "sqs-event.json") }
func FuzzKinesis(f *testing.F) { fuzz(f, kin, "kinesis-event.json", "kinesis-time-window-event.json") }
func FuzzDynamoDB(f *testing.F) {
	fuzz(f, ddb, "dynamodb-event.json", "dynamodb-event-malformed.2.json")
}

// fuzz holds weir against the model and aws-lambda-go for any input.
func fuzz(f *testing.F, s *source, files ...string) {
	for _, name := range files {
		f.Add(recorded(f, name))
	}
	for _, d := range differences {
		f.Add([]byte(d.event))
	}
	g := &generator{Rand: rand.New(rand.NewPCG(1, 2))} // the same corpus every time
	for n := range 40 {
		g.hand = n%2 == 0
		f.Add(g.event(record(g, s)))
	}
	f.Fuzz(func(t *testing.T, event []byte) { s.compare(t, event) })
}
