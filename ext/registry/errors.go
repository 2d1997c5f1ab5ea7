package registry

import "errors"

var (
	// ErrUnknownSchema matches the error of a schema that the registry says it does not have. A
	// record that needs it is undecodable. The answer is believed for a while, see RetryUnknown.
	ErrUnknownSchema = errors.New("the registry does not know the schema")

	// ErrFormat matches the error of a record that is in another format than the decoder's.
	ErrFormat = errors.New("another format")

	// errUnusable is the error of a schema that no decoder could make anything of.
	errUnusable = errors.New("the schema cannot be used")

	errNotKafka = errors.New("not a Kafka record, which has no key")
)
