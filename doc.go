// Package weir processes batches of records on AWS Lambda: SQS, Kinesis Data Streams, DynamoDB
// Streams and Kafka, with partial batch responses. A record that fails is retried by itself,
// and nothing is lost.
//
// One sentence is the whole library: a source of a verb of a function.
//
//	func main() {
//		lambda.Start(weir.SQS(weir.Each(ship)))
//	}
//
//	func ship(ctx context.Context, o Order) error { ... } // an error: this record is retried
//
// The sources are SQS, Kinesis, DynamoDB, Kafka, and From for one of your own. The verbs are Each
// (one decoded record), EachMessage (one record as it came), Batch (all at once), and any type
// with a Process method. KinesisWindow and DynamoDBWindow fold tumbling windows.
//
// A function says what becomes of its record by the error it returns: nil is done, any other
// is retried; Drop, RetryAfter, Permanent, Abort and Undecodable say more. A panic fails its record.
// FromContext gives the record itself.
//
// # How a batch is processed
//
// The event is scanned once into Messages. The verb decides them in record order, or with
// Concurrency in lanes: one lane a FIFO group, partition key, item or Kafka partition. Every
// record counts as failed until its handler has succeeded, so neither a panic, nor a
// cancellation, nor the deadline, nor a bug of ours can lose one. Shortly before the Lambda
// deadline weir stops and answers with what is done. The response lists what is not, in record
// order.
//
// # Caveats
//
//   - The event source mapping needs FunctionResponseTypes: [ReportBatchItemFailures]. Without
//     it Lambda ignores the response and takes every record for done.
//   - Delivery is at least once. Streams deliver what stands behind a failed record again, done
//     or not: handlers must bear a record twice.
//   - When no record of a batch was done, Invoke returns an error, which is safe in any
//     configuration; ReportAll reports the records instead.
//   - A fatal runtime error, such as a concurrent map write, ends the process: no Go program
//     can catch it. Lambda then retries the batch.
//
// Not part of the API: internal packages, error texts, and the layout of what Message.Raw returns,
// which is Lambda's.
package weir
