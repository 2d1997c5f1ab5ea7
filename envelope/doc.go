// Package envelope opens what records come wrapped in: SNS notifications and EventBridge events in
// a queue, S3 notifications, gzip, base64, CloudWatch Logs, aggregates of the Kinesis Producer
// Library, change events of DMS and Debezium.
//
// An envelope is a function that makes a verb of a verb. They nest as they do on the wire, the
// outermost first, around any verb: Each, EachMessage, Batch, or a pipeline.
//
//	weir.SQS(envelope.SNS(envelope.S3(weir.Each(onObject))))
//	weir.SQS(envelope.Base64(envelope.Gzip(weir.Each(ship), envelope.MaxBytes(1<<20))))
//	weir.Kinesis(envelope.KPL(p))
//
// What can be set about one stands behind the verb, as the options of weir.Each and weir.SQS do,
// so that one which is as usual is no more than its name.
//
// All are built on [weir.Unwrap], and its rules hold. What is inside becomes Message.Payload, and
// records of its own if there is more than one: they share the ID of the record they came in, and
// Message.Part tells them apart. They keep their order and go their own way: concurrency,
// middleware, policies and observers see each of them. Lambda hears of the record that came: it is
// done when all in it are, and comes back with all of them when one is not. Who must not do the
// others twice remembers them by ID and Part, as pipelines and middleware/once do.
//
// What should be in the envelope and is not makes the record undecodable, see weir.OnUndecodable;
// of all that is in it none is run then. What an envelope says beside its content stays within
// reach: see SNSFromContext, EventBridgeFromContext and, for any other, weir.Carriers.
//
// A tombstone of Kafka, which has no payload, is handed on by every envelope as it is.
//
// Nothing here proves who sent a record. SNS signs what it delivers, but whoever may send to the
// queue itself can write what looks like a notification: the queue's policy is what keeps others
// out.
package envelope
