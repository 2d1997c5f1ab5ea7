package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/weirtest"
)

// delays has the largest delay per airport and hour, of three flights.
func delays(store state.Store) *pipeline.Pipeline[Flight, int] {
	p := &pipeline.Pipeline[Flight, int]{
		Name:      "delays",
		Key:       func(f Flight) string { return f.Origin },
		Value:     func(f Flight) int { return f.Delay },
		Aggregate: monoid.Max[int](),
		Window:    pipeline.Hourly(0),
		Time:      func(f Flight) time.Time { return f.Departed },
		StoreIn:   store,
		Now:       func() time.Time { return morning.Add(90 * time.Minute) }, // for the examples alone
	}
	weirtest.Run(context.Background(), weir.SQS(p), weirtest.SQS(
		Flight{"ORD", morning, 12}, Flight{"ORD", morning.Add(time.Hour), 3}, Flight{"JFK", morning, -5},
	))
	return p
}

var morning = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

// Get reads the window of now. It tells nothing from zero.
func ExamplePipeline_Get() {
	p := delays(mem.New())
	for _, airport := range []string{"ORD", "JFK"} {
		r, err := p.Get(context.Background(), airport, pipeline.Consistent())
		if err != nil {
			fmt.Println(err)
		}
		if !r.Present {
			fmt.Println(airport, "nothing since", r.From.Format("15:04"))
			continue
		}
		fmt.Println(airport, r.Value, "since", r.From.Format("15:04"))
	}
	// Output:
	// ORD 3 since 07:00
	// JFK nothing since 07:00
}

func ExamplePipeline_GetMany() {
	p := delays(mem.New())
	all, err := p.GetMany(context.Background(), []string{"JFK", "ORD"})
	fmt.Println(all[0].Present, all[1].Value, err)
	// Output: false 3 <nil>
}

// The last hour before 07:30 lies in two windows, and the answer says so.
func ExamplePipeline_Recent() {
	p := delays(mem.New())
	r, err := p.Recent(context.Background(), "ORD", time.Hour)
	fmt.Println(r.Value, "from", r.From.Format("15:04"), "to", r.To.Format("15:04"), err)
	// Output: 12 from 06:00 to 08:00 <nil>
}

func ExamplePipeline_Range() {
	p := delays(mem.New())
	r, err := p.Range(context.Background(), "JFK", morning, morning.Add(2*time.Hour))
	fmt.Println(r.Value, "in", r.Windows, "window", err)
	// Output: -5 in 1 window <nil>
}

func ExamplePipeline_Windows() {
	p := delays(mem.New())
	for r, err := range p.Windows(context.Background(), "ORD", morning, morning.Add(24*time.Hour)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.From.Format("15:04"), r.Value)
	}
	// Output:
	// 06:00 12
	// 07:00 3
}

func ExamplePipeline_AllKeys() {
	p := delays(mem.New())
	keys := map[string]bool{}
	for k, err := range p.AllKeys(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		keys[k] = true
	}
	fmt.Println(slices.Sorted(maps.Keys(keys)))
	// Output: [JFK ORD]
}

// Validate names all that is missing. A Lambda made of such a pipeline fails every invocation
// with the same error, so nothing is lost.
func ExamplePipeline_Validate() {
	p := &pipeline.Pipeline[Flight, int]{Name: "delays", Aggregate: monoid.Max[int]()}
	fmt.Println(p.Validate())
	fmt.Println(weir.SQS(p).Err() != nil)
	// Output:
	// pipeline "delays": Key is missing (or Keys)
	// Value is missing
	// StoreIn is missing
	// true
}

// Clone is for what differs in a test.
func ExamplePipeline_Clone() {
	production := delays(mem.New())
	p := production.Clone()
	p.StoreIn = mem.New()
	r, err := p.Get(context.Background(), "ORD")
	fmt.Println(r.Present, err)
	// Output: false <nil>
}

// With ID an event counts once, though it comes through a stream and through a queue.
func ExamplePipeline_iD() {
	type payment struct {
		ID     string
		Shop   string
		Cents  int64
		PaidAt time.Time
	}
	takings := &pipeline.Pipeline[payment, int64]{
		Name:      "takings",
		Key:       func(p payment) string { return p.Shop },
		Value:     func(p payment) int64 { return p.Cents },
		Aggregate: monoid.Sum[int64](),
		ID:        func(p payment) string { return p.ID },
		Time:      func(p payment) time.Time { return p.PaidAt },
		StoreIn:   mem.New(),
	}
	ctx := context.Background()
	paid := payment{"p-1", "corner", 499, morning}
	weirtest.Run(ctx, weir.Kinesis(takings), weirtest.Kinesis(paid))
	weirtest.Run(ctx, weir.SQS(takings), weirtest.SQS(paid))
	r, err := takings.Get(ctx, "corner")
	fmt.Println(r.Value, err)
	// Output: 499 <nil>
}

// A record whose window is no longer kept is dropped, and observers are told why.
func ExampleDaily() {
	p := delays(mem.New()).Clone()
	p.Name, p.Window = "daily delays", pipeline.Daily(7*24*time.Hour)
	r := weirtest.Run(context.Background(), weir.SQS(p), weirtest.SQS(Flight{"ORD", morning.AddDate(0, 0, -9), 1}))
	fmt.Println(r.Records[0].State, errors.Is(r.Records[0].Err, pipeline.ErrWindowExpired))
	// Output: dropped true
}
