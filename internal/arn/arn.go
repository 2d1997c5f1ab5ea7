// Package arn reads the names of event sources.
package arn

import "strings"

// Split returns the service of an event source's ARN, such as sqs, and the name of the queue, stream,
// table or cluster. Both are empty if it is no ARN of one of those. Source: "Actions, resources, and
// condition keys" of each service, Service Authorization Reference.
func Split(arn string) (service, name string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return "", ""
	}
	kind, rest, _ := strings.Cut(parts[5], "/")
	first, _, _ := strings.Cut(rest, "/")
	switch service = parts[2]; service + " " + kind {
	case "kinesis stream", "dynamodb table", "kafka cluster":
		name = first
	default:
		if service == "sqs" {
			name = parts[5]
		}
	}
	if name == "" {
		return "", ""
	}
	return service, name
}
