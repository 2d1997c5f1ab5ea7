// Package offload loads large messages: those whose body the sender has put into S3, and whose
// message only has a pointer to it, as the Amazon SQS and SNS Extended Client Libraries write them.
//
//	objects := s3objects.New(s3.NewFromConfig(cfg))
//	weir.SQS(weir.Each(ship), offload.Load(objects, offload.Buckets("orders-large")))
//
// The handler gets the content as if SQS had delivered it. Package s3objects, in the module
// github.com/weir-go/weir/ext, is what knows S3; this one needs no SDK.
//
// # What is large
//
// A message is large if its body is a pointer, a JSON array of the class name and of bucket and
// key, and if the sender marked it with the message attribute ExtendedPayloadSize, or with
// SQSLargePayloadSize, which is what the Java client writes by default. Any other message goes to
// the handler as it came, at no cost. So does a pointer without the attribute, see Unmarked. An
// array that begins with a string and has the attribute, but is no pointer, is Undecodable. A body
// that does not even begin like that is not asked for its attributes, which would take a copy of
// each record.
//
// Messages of an SNS topic in SQS work with raw delivery, where the attributes are SQS's, and without
// it behind envelope.SNS, where the attribute is in the envelope:
//
//	weir.SQS(envelope.SNS(weir.Each(ship)), offload.Load(objects, offload.Buckets("orders-large")))
//
// # What goes wrong
//
// An object that cannot be loaded fails its record alone. One that is not there, is too large, or
// is in a bucket that is not allowed, fails as weir.Permanent: no policy tries it in vain in this
// invocation, and the source delivers the record again until its own limits take it to the dead
// letter queue. It is never Undecodable, so that no DropUndecodable loses messages because
// a setting here lacks the bucket. OnFailure and the observers see the record with its pointer.
//
// A download that breaks off fails its record as weir.Unavailable, which no policy gives up: the
// next delivery may find it whole. One that does not match the object's checksum fails its record. To
// try again at once, list middleware.Retry before Load, with an If that takes weir.Unavailable: by itself it
// leaves that alone.
//
// # Idempotency
//
// What is listed before Load sees the pointer, what is listed behind it the content. A key made of
// the pointer spares the download of a duplicate, and knows one whose object has been deleted
// since. But a sender that sends again uploads again, under another key: only the content, or what
// is in it, tells that these are the same.
//
// # Deleting
//
// Lambda deletes the message and leaves the object. Let a lifecycle rule of the bucket delete
// objects some days after the queue's retention period and that of its dead letter queue: it cannot
// be wrong. DeleteAfter is for those who cannot wait. With it, a message that SQS delivers twice fails
// the second time, for its object is gone: as weir.Permanent, so that deadletter.Permanent makes a
// letter of it at once, although it was handled. Whoever redrives such letters finds no content: put
// once.Use, with a key made of the pointer, before Load.
package offload
