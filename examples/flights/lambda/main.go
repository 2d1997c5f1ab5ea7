// Command lambda is the function behind a Kinesis stream.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/examples/flights/departures"
)

func main() {
	lambda.Start(weir.Kinesis(departures.Pipeline(departures.Client())))
}
