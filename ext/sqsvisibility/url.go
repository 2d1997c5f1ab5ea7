package sqsvisibility

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// domains are those of the partitions that have SQS in public. Source: "AWS service endpoints" and the
// endpoint rules of the AWS SDKs.
var domains = map[string]string{
	"aws":        "amazonaws.com",
	"aws-cn":     "amazonaws.com.cn",
	"aws-us-gov": "amazonaws.com",
	"aws-eusc":   "amazonaws.eu",
}

// queueURL makes a queue's URL of its ARN, arn:aws:sqs:region:account:name.
func queueURL(arn string) (string, error) {
	region, account, name, partition, err := split(arn)
	if err != nil {
		return "", err
	}
	domain, ok := domains[partition]
	if !ok {
		return "", fmt.Errorf("sqsvisibility: the URLs of partition %q are not known: give New the option QueueURL(sqsvisibility.Lookup(client))", partition)
	}
	return "https://sqs." + region + "." + domain + "/" + account + "/" + name, nil
}

// split takes apart an ARN, and lets nothing through that would be something else in a URL.
func split(arn string) (region, account, name, partition string, err error) {
	p := strings.Split(arn, ":")
	switch {
	case len(p) != 6 || p[0] != "arn" || p[2] != "sqs",
		!made(p[1], lower+"-", 32), !made(p[3], lower+digits+"-", 32), !made(p[4], digits, 12),
		!made(strings.TrimSuffix(p[5], ".fifo"), lower+upper+digits+"-_", 80):
		return "", "", "", "", fmt.Errorf("sqsvisibility: %.200q is not the ARN of a queue, such as arn:aws:sqs:eu-west-1:111122223333:orders", arn)
	}
	return p[3], p[4], p[5], p[1], nil
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// made reports whether text is made of some characters alone, one at least and n at most.
func made(text, of string, n int) bool {
	return text != "" && len(text) <= n && strings.Trim(text, of) == ""
}

// LookupAPI is what Lookup calls of an *sqs.Client.
type LookupAPI interface {
	GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
}

// Lookup asks SQS for the URL, for QueueURL. It takes the permission sqs:GetQueueUrl and a call for
// each queue and sandbox, and works with endpoints and partitions of all kinds.
func Lookup(api LookupAPI) func(ctx context.Context, arn string) (string, error) {
	return func(ctx context.Context, arn string) (string, error) {
		if own, ok := api.(*sqs.Client); api == nil || ok && own == nil {
			return "", errors.New("sqsvisibility: Lookup(nil): give it sqs.NewFromConfig(cfg)")
		}
		_, account, name, _, err := split(arn)
		if err != nil {
			return "", err
		}
		out, err := api.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name, QueueOwnerAWSAccountId: &account})
		if err != nil {
			return "", fmt.Errorf("sqsvisibility: %s: %w", arn, err)
		}
		return value(out.QueueUrl), nil
	}
}
