// Package middleware has what handlers often need around them: retries within the invocation (Retry), a
// breaker (Breaker), a limit that finds itself (Adaptive), a logger that knows its record (Log), and
// metrics of batches (Measure). Each is an option of a Lambda or a worker:
//
//	weir.SQS(weir.Each(ship), middleware.Retry(middleware.Retries{Attempts: 4}))
//
// What wraps the handler is a weir.Middleware inside, at its place among weir.Use and the other
// options: what is listed first is outermost. The packages below have what is larger: once
// (idempotency), offload (large messages), deadletter, and visibility (back-off on queues). What needs
// somebody's client is in the module github.com/weir-go/weir/ext.
package middleware
