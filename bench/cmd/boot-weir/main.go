// Command boot-weir is the reference function: orders from a queue, handled by weir.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/bench/model"
)

func main() { lambda.Start(weir.SQS(weir.Each(model.Handle))) }
