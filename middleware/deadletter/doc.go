// Package deadletter puts records aside that are given up: each goes to a sink at once, as a letter
// with its error, source, identifier and original content, and only then counts as done.
//
//	weir.SQS(weir.Each(ship), deadletter.To(sink,
//		deadletter.MaxReceives(5),
//		deadletter.Undecodable(),
//		deadletter.Permanent()))
//
// It works with every verb and source, also behind package streaming:
//
//	streaming.Run(ctx, verb, source, streaming.Handling(deadletter.To(sink, ...)))
//
// Sinks are File and Func here, and in the module github.com/weir-go/weir/ext the packages sqssink,
// snssink, s3sink and kafkasink.
//
// # The promise
//
// A record that is given up is in the sink at least once before Lambda is told that it is done. When the
// sink fails, the record fails and comes back. When the process dies between the two, or the sink's answer
// is lost, the record comes back although its letter is there: then it may be processed after all, or sent
// once more. So do, each time, a record of a stream that was run behind one that failed, and a part of a record
// of which another part failed. Both letters have the same ID, which follows from source, shard, identifier and part (on DynamoDB,
// which does not tell the shard, from the item's keys), so a redrive can leave the second out. One that sends
// whole records again leaves out what has the same Letter.OriginID, as weir redrive does.
//
// Nothing is cut off without a word: a letter that is too large for its sink goes without the copy of the
// original record where its fields say the same, then to an Archive if the sink was given one,
// or else its record fails with a *TooLargeError.
//
// # Letters
//
// A letter is one JSON object, on one line where that matters; Read and Parse read it, and what Lambda
// itself writes to an on-failure destination. Fields are only ever added under version 1:
//
//	weirDeadLetter     1, the version
//	letterId           32 hexadecimal digits, the same each time that this record is given up
//	givenUpAt          RFC 3339
//	reason             "dropped" by the handler, "undecodable", "permanent", "receives", "age", "rule", "lambda"
//	policy             such as "MaxReceives(5)", unless the handler dropped it
//	error, errorTypes  the error's text, and the Go types of it and what it wraps
//	stack              of a panic
//	function, requestId
//	source, id, part, orderingKey, shard, time, attempt    as in weir.Message
//	payload            as in weir.Message; none where a record has none: DynamoDB, tombstones
//	attributes         [{"name":..., "value":...}] as Message.Attributes has them
//	messageAttributes  [{"name":..., "dataType":..., "value":... or "binary":...}] of SQS
//	kafka              topic, partition, offset, key, headers and so on
//	record             the original record as it stood in the event, of Lambda's own layout
//	recordOmitted      its size, where it was left out
//	elsewhere          where the whole letter is, if this one only points to it
//
// Texts and bytes are JSON strings where they are UTF-8, and {"base64":"..."} where they are not. So is
// record where it could not be copied into JSON byte by byte, or looks like such bytes itself. A time outside
// of the years 0 to 9999 is [seconds, nanoseconds] since 1970.
//
// Letters hold what the records held: guard the sink as you guard the source.
package deadletter
