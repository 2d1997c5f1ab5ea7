package main

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// queueClient makes a client of what the environment says. A host that is
// not a region's own, such as that of a VPC endpoint or of an emulator, is asked itself.
func queueClient(queue string, env func(string) string) (*sqs.Client, error) {
	key, secret := env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY")
	if key == "" || secret == "" {
		return nil, errors.New(`no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; eval "$(aws configure export-credentials --format env)" sets them from a profile`)
	}
	o := sqs.Options{Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: key, SecretAccessKey: secret, SessionToken: env("AWS_SESSION_TOKEN")}, nil
	})}
	u, err := url.Parse(queue)
	if err != nil {
		return nil, err
	}
	region, usual := regionOf(u.Hostname())
	if !usual {
		o.BaseEndpoint = aws.String(u.Scheme + "://" + u.Host)
	}
	o.Region = cmp.Or(region, env("AWS_REGION"), env("AWS_DEFAULT_REGION"), "us-east-1")
	return sqs.New(o), nil
}

// Hosts of queues, by which the region is known that requests are signed for. Source: "Amazon SQS endpoints and
// quotas", AWS General Reference.
var (
	awsHost = regexp.MustCompile(`^(.+\.)?sqs(-fips)?\.([a-z0-9-]+)\.(vpce\.amazonaws\.com|api\.aws|amazonaws\.com|amazonaws\.eu)(\.cn)?$`)
	oldHost = regexp.MustCompile(`^(?:([a-z0-9-]+)\.)?queue\.amazonaws\.com(?:\.cn)?$`)
)

// regionOf is the region of a host, or "". Usual is one that the SDK finds by itself.
func regionOf(host string) (region string, usual bool) {
	if m := oldHost.FindStringSubmatch(host); m != nil {
		return cmp.Or(m[1], "us-east-1"), true
	}
	m := awsHost.FindStringSubmatch(host)
	if m == nil {
		return "", false
	}
	return m[3], m[1] == "" && m[2] == "" && strings.HasPrefix(m[4], "amazonaws.")
}
