package pipeline_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"testing/fstest"
	"time"

	"github.com/weir-go/weir/archive"
	"github.com/weir-go/weir/monoid"
	"github.com/weir-go/weir/pipeline"
	"github.com/weir-go/weir/state/mem"
)

// definition is the pipeline that a team's Lambda function has, too.
func definition() *pipeline.Pipeline[Flight, int64] {
	return &pipeline.Pipeline[Flight, int64]{
		Name:      "departures",
		Key:       func(f Flight) string { return f.Origin },
		Value:     func(Flight) int64 { return 1 },
		Aggregate: monoid.Count(),
		Window:    pipeline.Daily(0),
		Time:      func(f Flight) time.Time { return f.Departed },
		StoreIn:   mem.New(), // a real one keeps it
	}
}

// What is in an archive counts at its own time, and once, however often it is replayed.
func ExampleReplay() {
	departures := definition()
	source := archive.FS("backup", fstest.MapFS{"2024-03.json": {Data: []byte(
		`{"Origin":"ORD","Departed":"2024-03-04T05:00:00Z"}` + "\n" +
			`{"Origin":"ORD","Departed":"yesterday"}` + "\n" +
			`{"Origin":"ORD","Departed":"2024-03-04T07:00:00Z"}` + "\n")}})
	ctx := context.Background()
	for range 2 {
		r, err := pipeline.Replay(ctx, departures, source)
		fmt.Println(r.Merged, "merged,", r.Duplicates, "recognised,", r.Failed, "failed,", err)
	}
	day := time.Date(2024, 3, 4, 0, 0, 0, 0, time.UTC)
	r, err := departures.Range(ctx, "ORD", day, day.Add(24*time.Hour))
	fmt.Println(r.Value, err)
	// Output:
	// 2 merged, 0 recognised, 1 failed, <nil>
	// 0 merged, 2 recognised, 1 failed, <nil>
	// 2 <nil>
}

// A program of one's own that replays files and directories: run it again whenever it was
// interrupted.
func ExampleReplay_program() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r, err := pipeline.Replay(ctx, definition(), archive.Files(os.Args[1:]),
		pipeline.CheckFirst(),
		pipeline.OnFailed(func(line archive.Line, err error) {
			log.Printf("%s: line %d: %v: %s", line.Archive, line.Number, err, line.Data)
		}),
		pipeline.Progress(time.Second, func(p pipeline.ReplayProgress) {
			log.Printf("%d of %d bytes, %d records", p.Read, p.Total, p.Records)
		}))
	log.Printf("%d merged, %d recognised, %d failed", r.Merged, r.Duplicates, r.Failed)
	if err != nil {
		log.Fatal(err)
	}
}
