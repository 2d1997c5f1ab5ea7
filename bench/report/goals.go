package report

import (
	"fmt"
	"strings"

	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/sample"
)

// target is something to reach. Where there are two marks, the floor is what must hold.
type target struct {
	about       string
	floor, goal float64 // 0: none
	atMost      bool    // less is better
	unit        string
	measured    func(*Report) (float64, bool)
}

func targets() []target {
	var all []target
	speedOf := func(row, about string, p corpus.Payload, ts, tsGoal, std, stdGoal float64) {
		all = append(all,
			target{about + "CPU of Powertools TS over weir's", ts, tsGoal, false, "x", func(r *Report) (float64, bool) { return r.over(p, Powertools, row) }},
			target{about + "CPU of the Go std loop over weir's", std, stdGoal, false, "x", func(r *Report) (float64, bool) { return r.over(p, Std, row) }})
	}
	speed := func(s corpus.Source, size int, ts, tsGoal, std, stdGoal float64) {
		p := corpus.Payload{Source: s, Size: size}
		speedOf(Weir, fmt.Sprintf("%s, %s records: ", titles[s], sizeWord(p)), p, ts, tsGoal, std, stdGoal)
	}
	speed(corpus.SQS, 10, 4, 6, 10, 0)
	speed(corpus.SQS, 1000, 4.5, 8, 12, 20)
	speed(corpus.SQS, corpus.Full, 4.5, 8, 12, 20)
	speed(corpus.Kinesis, 1000, 5, 6.5, 14, 18)
	speed(corpus.Kinesis, corpus.Full, 5, 6.5, 14, 18)
	speedOf(NewImage, "DynamoDB, 1,000 records, the new image alone as the peers: ", corpus.Payload{Source: corpus.DynamoDB, Size: 1000}, 8, 8, 30, 30)
	speedOf(Weir, "DynamoDB, 1,000 records, both images and the keys: ", corpus.Payload{Source: corpus.DynamoDB, Size: 1000}, 8, 8, 30, 30)
	most := func(about string, goal float64, unit string, measured func(*Report) (float64, bool)) {
		all = append(all, target{about, 0, goal, true, unit, measured})
	}
	for _, s := range corpus.Sources() {
		full := corpus.Payload{Source: s, Size: corpus.Full}
		most(titles[s]+": allocations of an invocation with one record", 10, "", func(r *Report) (float64, bool) { return r.allocs(s, 1) })
		most(titles[s]+": allocations for each further record", 0.2, "", func(r *Report) (float64, bool) { return r.allocsPerRecord(s) })
		if s == corpus.DynamoDB {
			most("DynamoDB, 6 MB, the new image alone: CPU of an invocation", 7, " ms", func(r *Report) (float64, bool) {
				return r.least(full, NewImage, func(s sample.Sample) float64 { return s.CPUPerInvoke / 1000 })
			})
		}
		most(titles[s]+", 6 MB: CPU of an invocation", 7, " ms", func(r *Report) (float64, bool) {
			return r.least(full, Weir, func(s sample.Sample) float64 { return s.CPUPerInvoke / 1000 })
		})
		most(titles[s]+", 6 MB: peak memory of the process", 40, " MB", func(r *Report) (float64, bool) {
			return r.of(full, Weir, func(s sample.Sample) float64 { return s.PeakMB })
		})
	}
	for _, way := range []struct {
		name, about string
		goal        float64
	}{{"sequential", "one after another", 15}, {"lanes/keys=0", "in lanes", 25}, {"lanes/keys=100", "in lanes, with 100 keys", 25}} {
		most("scheduling a record of 1,000 on one core, "+way.about, way.goal, " ns", func(r *Report) (float64, bool) { return r.schedule(way.name) })
	}
	most("cold start, 10 messages: time to the first response over "+Bare, 0.4, " ms", func(r *Report) (float64, bool) {
		ours, ok1 := r.response(Weir)
		bare, ok2 := r.response(Bare)
		return ours - bare, ok1 && ok2
	})
	most("binary: size over "+Bare, 150, " kB", func(r *Report) (float64, bool) {
		ours, bare := r.function(Weir), r.function(Bare)
		if ours == nil || bare == nil {
			return 0, false
		}
		return float64(ours.Size-bare.Size) / 1000, true
	})
	return all
}

// schedule is what Go's benchmark of that name takes a record.
func (r *Report) schedule(name string) (ns float64, ok bool) {
	for _, t := range r.Go {
		for _, row := range t.Rows {
			if t.Package == "" && row.Name == "Schedule/"+name && row.N == "1000" {
				return row.PerRecord, true
			}
		}
	}
	return 0, false
}

func sizeWord(p corpus.Payload) string {
	if p.Size == corpus.Full {
		return "6 MB of"
	}
	return size(p)
}

// verdict says how far a figure got.
func (t target) verdict(v float64, measured bool) string {
	reached := func(mark float64) bool { return mark != 0 && (t.atMost && v <= mark || !t.atMost && v >= mark) }
	switch {
	case !measured:
		return "not measured"
	case reached(t.goal):
		return "goal met"
	case t.goal == 0 && reached(t.floor):
		return "met"
	case reached(t.floor):
		return "floor met, goal not"
	}
	return "**not met**"
}

func (t target) mark(v float64) string {
	switch {
	case v == 0:
		return ""
	case t.atMost:
		return fmt.Sprintf("<= %g%s", v, t.unit)
	}
	return fmt.Sprintf(">= %g%s", v, t.unit)
}

func (r *Report) goals(b *strings.Builder) {
	b.WriteString("\n## Goals\n\n| | floor | goal | measured | |\n|---|--:|--:|--:|---|\n")
	for _, t := range targets() {
		v, ok := t.measured(r)
		figure := ""
		if ok {
			figure = digits(v) + t.unit
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", t.about, t.mark(t.floor), t.mark(t.goal), figure, t.verdict(v, ok))
	}
}
