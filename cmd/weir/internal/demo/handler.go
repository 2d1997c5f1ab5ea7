package demo

import (
	"context"
	"fmt"
	"strconv"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
)

// The demo's Lambda functions, as a user would write them.

// Lambda delivers what follows a failed record of a shard again, so it is not run before:
// StopOnFailure. It also makes a bad record the first that fails, so that bisecting gets it
// alone into the dead letters.
func kinesisLambda(h handler, observer any) *weir.Lambda {
	return weir.Kinesis(weir.Each(h), weir.StopOnFailure(), weir.Observe(observer))
}

func dynamodbLambda(h handler, observer any) *weir.Lambda {
	return weir.DynamoDB(weir.Each(func(ctx context.Context, c weir.Change[flights.Flight]) error {
		if c.Kind != weir.Insert || c.New == nil {
			return nil
		}
		return h(ctx, *c.New)
	}), weir.StopOnFailure(), weir.Observe(observer))
}

func sqsLambda(h handler, observer any) *weir.Lambda {
	return weir.SQS(weir.Each(h), weir.Observe(observer))
}

// A failed flight holds up those from its own airport only: SkipGroup.
func fifoLambda(h handler, observer any) *weir.Lambda {
	return weir.SQS(weir.Each(h), weir.SkipGroup(), weir.Observe(observer))
}

// count adds a flight to the totals of its airport. Delivery is at least once, so a flight
// that is in already is not added again.
//
// It trusts the date to be there, and panics when it is not.
func count(db *Database) handler {
	return func(ctx context.Context, f flights.Flight) error {
		hour, err := strconv.Atoi(f.Date[11:13])
		if err != nil {
			return weir.Undecodable(fmt.Errorf("hour of departure: %w", err))
		}
		if db.Has(f.ID) {
			return nil
		}
		return db.Add(ctx, f, hour >= evening)
	}
}
