package demo

import (
	"github.com/weir-go/weir/cmd/weir/internal/deliver"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
)

// Report is the result of a run, and its form as JSON.
type Report struct {
	Source string  `json:"source"`
	Seed   uint64  `json:"seed"`
	Fail   float64 `json:"fail"`
	Poison float64 `json:"poison"`
	Slow   bool    `json:"slow"`
	Batch  int     `json:"batch"`

	DB string `json:"db"` // "" for a temporary file

	Records        int64 `json:"records"`
	Invocations    int64 `json:"invocations"`
	Failed         int64 `json:"failedInvocations"`  // the whole batch came back
	Partial        int64 `json:"partialInvocations"` // some of the batch came back
	Retries        int64 `json:"retries"`            // invocations with a record that had been delivered before
	DeliveredAgain int   `json:"deliveredMoreThanOnce"`
	Duplicates     int64 `json:"duplicatesRecognised"` // deliveries of a record that was counted already
	Unchanged      bool  `json:"unchanged"`            // the database's totals, by the run

	Airports    []Airport    `json:"airports"`
	DeadLetters []DeadLetter `json:"deadLetters"`
	Fate        Fate         `json:"fate"`
	Millis      int64        `json:"durationMs"`
}

// DeadLetter is a flight that was given up.
type DeadLetter struct {
	Flight    string `json:"flight"`
	Origin    string `json:"origin"`
	ID        string `json:"id"` // sequence number or message ID
	Where     string `json:"where"`
	Condition string `json:"condition"`
	Tries     int    `json:"tries"`
	Batch     int    `json:"batch"` // records that were given up together
	Reason    string `json:"reason"`
}

// newReport is the report without what is in the database.
func newReport(c Config, out *deliver.Outcome, list []flights.Flight, why *reasons, m *deliver.Meter) *Report {
	r := &Report{
		Source: string(c.Source), Seed: c.Seed, Fail: c.Fail, Poison: c.Poison, Slow: c.Slow, Batch: c.BatchSize(),
		Records: m.Settled.Load(), Invocations: m.Invocations.Load(), Failed: m.Failed.Load(),
		Partial: m.Partial.Load(), Retries: m.Retries.Load(),
		DeadLetters: []DeadLetter{},
	}
	for _, n := range out.Deliveries {
		if n > 1 {
			r.DeliveredAgain++
		}
	}
	for _, d := range out.Dead {
		f := list[d.Index]
		r.DeadLetters = append(r.DeadLetters, DeadLetter{f.ID, f.Origin, d.ID, d.Where, d.Condition, d.Tries, d.Batch, why.of(d.ID)})
	}
	return r
}
