package lambdatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/weir-go/weir"
)

// programs are the functions under test.
var programs = map[string]func(){
	"sqs":      func() { lambda.Start(weir.SQS(weir.Each(act))) },
	"sqs-10":   func() { lambda.Start(weir.SQS(weir.Each(act), weir.Concurrency(10))) },
	"early":    func() { lambda.Start(weir.SQS(weir.Each(act), early)) },
	"early-10": func() { lambda.Start(weir.SQS(weir.Each(act), early, weir.Concurrency(10))) },
	"kinesis":  func() { lambda.Start(weir.Kinesis(weir.Each(keep))) },
	"dynamodb": func() { lambda.Start(weir.DynamoDB(weir.Each(keepChange))) },
	"context":  func() { lambda.Start(weir.SQS(weir.Each(tell))) },
	"retain":   func() { lambda.Start(new(retainer)) },
	"sloppy":   func() { lambda.Start(new(sloppy)) },
}

// early leaves a busy machine two seconds to answer in.
var early = weir.DeadlineReserve(3 * time.Second)

// act does what a record's body says.
func act(ctx context.Context, order string) error {
	switch order {
	case "fail":
		return errors.New("no stock")
	case "panic":
		panic("boom")
	case "drop":
		return weir.Drop(errors.New("cancelled"))
	case "wait":
		<-ctx.Done()
		say(context.Cause(ctx).Error())
		return ctx.Err()
	case "hang":
		select {}
	}
	return nil
}

func keep(_ context.Context, s string) error { say(s); return nil }

type item struct {
	Key     string
	Val     string
	Message string
	ID      int64 `dynamodbav:"Id"`
}

func keepChange(_ context.Context, c weir.Change[item]) error { say(c); return nil }

// sight is what a handler sees of its invocation.
type sight struct {
	MessageID, Payload             string
	RequestID                      string
	Deadline, ContextDeadline      time.Time
	LambdaRequestID, LambdaARN     string
	HasMessage, HasDeadline, HasLC bool
}

func tell(ctx context.Context, _ json.RawMessage) error {
	var s sight
	var m *weir.Message
	if m, s.HasMessage = weir.FromContext(ctx); s.HasMessage {
		s.MessageID, s.Payload, s.RequestID = m.ID, string(m.Payload), m.RequestID()
		s.Deadline, s.HasDeadline = m.Deadline()
	}
	s.ContextDeadline, _ = ctx.Deadline()
	var lc *lambdacontext.LambdaContext
	if lc, s.HasLC = lambdacontext.FromContext(ctx); s.HasLC {
		s.LambdaRequestID, s.LambdaARN = lc.AwsRequestID, lc.InvokedFunctionArn
	}
	say(s)
	if s.RequestID == "" {
		return fmt.Errorf("%+v", s)
	}
	return nil
}
