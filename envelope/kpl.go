package envelope

import (
	"errors"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/kpl"
	"github.com/weir-go/weir/internal/room"
)

// KPL opens the records in which the Kinesis Producer Library aggregates many: v gets each user
// record, with its own partition key as OrderingKey. A record that is no aggregate is handed on as
// it is, also one whose digest is wrong, as the official libraries do.
//
//	weir.Kinesis(envelope.KPL(weir.Each(ship)), weir.Concurrency(8))
//
// The Kinesis record is retried when one user record is not done, with all that are in it. Within
// an invocation none is run twice, by a middleware that retries neither. When the record comes
// again, those that were done are run again, unless something remembers them by ID and Part:
// middleware/once does, and so do pipelines, which count each user record once. (Pipelines also
// open aggregates themselves and file user records under the same names, so KPL may be added to
// one that is in use, or taken away.)
//
// An aggregate whose digest is right and whose content is not what the library writes is
// undecodable, for none of it can be trusted.
//
// With enhanced fan-out Lambda takes aggregates apart itself, and KPL finds none. It does no harm.
//
// A user record may be as small as six bytes, of which each takes some hundred in memory: MaxTotal
// bounds that.
//
// Source: "KPL aggregated record format", github.com/awslabs/amazon-kinesis-producer.
func KPL(v weir.Verb, opts ...PartsOption) weir.Verb {
	limits, err := partsLimits("KPL", opts)
	if err != nil {
		return refused{err}
	}
	return &roomy{"KPL", v, limits, func(m *weir.Message, s *room.Share) ([]weir.Message, error) {
		if m.Kafka != nil || !kpl.Marked(m.Payload) {
			return one(m, m.Payload), nil
		}
		users, aggregated, err := kpl.Split(m.Payload, s.Take)
		switch {
		case !aggregated:
			return one(m, m.Payload), nil
		case errors.Is(err, room.ErrNone), errors.Is(err, room.ErrAlone):
			return nil, err
		case err != nil:
			return nil, weir.Undecodable(err)
		}
		parts := make([]weir.Message, len(users))
		for i, u := range users {
			parts[i] = m.WithPart(i, u.Data)
			parts[i].OrderingKey = u.PartitionKey
		}
		return parts, nil
	}}
}
