package demo

import (
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
)

// The demo's pipeline, as a user would write it.

// Total is what is kept of an airport and a day: how many flights departed, how late they were on
// average, and which they were. The last is there to be compared with the input.
type Total = monoid.Pair[monoid.Average, monoid.Members[string]]

// Departures aggregates flights by airport and day. A flight is known by its ID, so it counts once
// whether it comes from a stream, a queue or an archive.
func Departures(store state.Store) *pipeline.Pipeline[flights.Flight, Total] {
	return departures(func(f flights.Flight) flights.Flight { return f }, store)
}

// changes is Departures for the stream of a table, where a flight is an item.
func changes(store state.Store) *pipeline.Pipeline[weir.Change[flights.Flight], Total] {
	return departures(func(c weir.Change[flights.Flight]) flights.Flight {
		if c.New == nil {
			return *c.Old
		}
		return *c.New
	}, store)
}

// manyOfADay is more than any airport has departures.
const manyOfADay = 10_000

func departures[T any](flight func(T) flights.Flight, store state.Store) *pipeline.Pipeline[T, Total] {
	return &pipeline.Pipeline[T, Total]{
		Name: "departures",
		Key:  func(v T) string { return flight(v).Origin },
		Value: func(v T) Total {
			f := flight(v)
			return monoid.PairOf(monoid.Observe(float64(f.Delay)), monoid.SetOf(f.ID))
		},
		Aggregate: monoid.Tuple2(monoid.Mean(), monoid.Set[string](manyOfADay)),
		Window:    pipeline.Daily(0),
		Time:      func(v T) time.Time { return departed(flight(v)) },
		ID:        func(v T) string { return flight(v).ID },
		StoreIn:   store,
	}
}

// departed is when a flight left, in local time. It trusts the date to be there, and panics when it
// is not.
func departed(f flights.Flight) time.Time {
	t, err := time.Parse(flights.Layout, f.Date[:len(flights.Layout)])
	if err != nil {
		panic(err)
	}
	return t
}

// once makes a pipeline fail at the first failure of the store, so that Lambda and SQS have
// something to do. By default it would try again by itself.
func once[T any](p *pipeline.Pipeline[T, Total], m *metrics.InMemory) *pipeline.Pipeline[T, Total] {
	p.Retry.Attempts, p.Metrics = 1, m
	return p
}

// What Lambda functions the pipeline is in. Lambda delivers what follows a failed record of a shard
// again, so nothing behind it counts as done: StopOnFailure. It also makes a bad record the first
// that fails, so that bisecting gets it alone into the dead letters.
func kinesisLambda(store state.Store, m *metrics.InMemory, observer any) *weir.Lambda {
	return weir.Kinesis(once(Departures(store), m), weir.StopOnFailure(), weir.Observe(observer))
}

func dynamodbLambda(store state.Store, m *metrics.InMemory, observer any) *weir.Lambda {
	return weir.DynamoDB(once(changes(store), m), weir.StopOnFailure(), weir.Observe(observer))
}

func sqsLambda(store state.Store, m *metrics.InMemory, observer any) *weir.Lambda {
	return weir.SQS(once(Departures(store), m), weir.Observe(observer))
}

// A failed flight holds up those from its own airport only: SkipGroup.
func fifoLambda(store state.Store, m *metrics.InMemory, observer any) *weir.Lambda {
	return weir.SQS(once(Departures(store), m), weir.SkipGroup(), weir.Observe(observer))
}
