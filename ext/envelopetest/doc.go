// Package envelopetest compares what weir reads from an event with what the structs of
// aws-lambda-go's events package read from it. It has nothing to import.
//
// model_test.go says in slow, plain code what weir is meant to read; differences_test.go
// lists where that is meant to differ from aws-lambda-go.
package envelopetest
