// Package unwraptest holds package envelope against what others make of the same bytes: the types
// of aws-lambda-go, over the events that it is tested with, and an SQS server.
package unwraptest
