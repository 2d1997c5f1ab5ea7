// Command boot-std is the reference function on the event structs and encoding/json.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/weir-go/weir/bench/std"
)

func main() { lambda.Start(std.SQS()) }
