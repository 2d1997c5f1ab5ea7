// Package registry decodes payloads whose schema is in a schema registry: Confluent's, and those
// that speak its protocol, or AWS Glue's.
//
// Decoders are made by the packages of the formats, avrodecode, protodecode and jsondecode, and
// given to any verb that decodes:
//
//	reg, err := registry.Confluent("https://registry.example.com")
//	orders, err := avrodecode.New[Order](reg)
//	fn := weir.Kafka(weir.Each(ship, weir.DecodeMessage(orders.Value)))
//
// A producer's serializer writes the schema's identifier before the payload, and Open reads it.
// Where the event source mapping knows the registry and delivers the SOURCE format, Lambda has
// taken that away and names the schema beside the record; Value and Key go by either. A mapping
// that delivers JSON needs none of this: its payloads decode by weir's own rules.
//
// Every record is decoded where it is handled, so that a bad one fails alone. What is wrong with
// a record makes it undecodable: framing, bytes, a schema that the registry does not know. A
// registry that does not answer is no record's fault: such an error matches
// *weir.UnavailableError, the record is retried, and OnUndecodable is not asked.
//
// Schemas never change once they have an identifier, so they are kept, and asked for once however
// many records need one at a time.
package registry
