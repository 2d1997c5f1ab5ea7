// Command refhandler is the smallest handler binary there is; internal/deptest measures what
// it drags in.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/weir-go/weir"
)

type order struct{ ID string }

func main() { lambda.Start(weir.SQS(weir.Each(ship))) }

func ship(context.Context, order) error { return nil }
