// Package weirtest tests Lambdas built with weir: it builds the events that AWS sends from Go
// values, invokes a Lambda with one as the Lambda runtime would, and says what became of each
// record.
//
//	func TestShip(t *testing.T) {
//		event := weirtest.SQS(Order{ID: 1}, Order{ID: 2}, `{"id":`)
//		res := weirtest.Run(t.Context(), weir.SQS(weir.Each(ship)), event)
//		res.Want(t, weirtest.Succeeded, weirtest.Succeeded, weirtest.Failed)
//	}
//
// [SQS], [FIFO], [Kinesis], [DynamoDB] and [Kafka] build an [Event] with every field that AWS sends.
// Nothing in it is random: the same calls give the same bytes, so identifiers may stand in
// expectations. [Event.After] gives a second event identifiers of its own, [Event.Again] is
// the redelivery of what failed, [Event.InWindow] a tumbling window.
//
// [Run] takes the way of production, bytes in and bytes out. The invocation's deadline is
// the context's; inside [testing/synctest] it is virtual, and a test of what happens when
// time runs out takes no time:
//
//	synctest.Test(t, func(t *testing.T) {
//		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
//		defer cancel()
//		res := weirtest.Run(ctx, lambda, event) // its handler takes a second
//		res.Want(t, weirtest.Succeeded, weirtest.Succeeded, weirtest.Failed, weirtest.Skipped)
//	})
//
// # Caveats
//
// Builders panic on what cannot be sent, such as a value without a JSON form: that is a
// mistake in the test.
//
// Events carry times of 2 January 2026; where a record's age matters, [Event.At] sets them.
//
// A handler that ignores its context is left behind at the deadline. In a synctest bubble it
// must have ended when the test does, so sleep until it has.
package weirtest
