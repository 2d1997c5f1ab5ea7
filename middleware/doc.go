// Package middleware has what handlers often need around them: retries within the invocation, and
// what its other files say. Each is an option of a Lambda or a worker:
//
//	weir.SQS(weir.Each(ship), middleware.Retry(middleware.Retries{Attempts: 4}))
//
// What wraps the handler is a weir.Middleware inside, at its place among weir.Use and the other
// options: what is listed first is outermost. What needs a client of somebody's is in its own package:
// middleware/deadletter, and those of the module github.com/weir-go/weir/ext.
package middleware
