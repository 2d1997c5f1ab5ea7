// Package lambdatest tests weir in real processes under aws-lambda-go's lambda.Start, which
// talk to a Runtime API that the test serves. It has nothing to import.
package lambdatest
