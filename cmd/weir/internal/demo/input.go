package demo

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/weir-go/weir/cmd/weir/internal/deliver"
	"github.com/weir-go/weir/cmd/weir/internal/flights"
)

// start is when the first record was sent, so that a seed always gives the same events.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// records makes of the flights what a producer sends, poison included.
func (c Config) records(list []flights.Flight) ([]deliver.Record, error) {
	records := make([]deliver.Record, len(list))
	for i, f := range list {
		bad := c.poison(f.ID)
		if bad == panics {
			f.Date = ""
		}
		r := deliver.Record{Key: f.Origin, Time: start.Add(time.Duration(i) * time.Millisecond)}
		if c.Source == DynamoDB {
			r.Item = item(f, bad)
		} else {
			text, err := json.Marshal(f)
			if err != nil {
				return nil, err
			}
			if bad == corrupt {
				text = text[:len(text)*2/3] // a producer that cut it off
			}
			r.Data = string(text)
		}
		records[i] = r
	}
	return records, nil
}

// item is a flight as attributes. A corrupt one has one of the wrong type, for the table
// itself refuses worse.
func item(f flights.Flight, bad poison) []deliver.Attribute {
	delay := deliver.Attribute{Name: "delay", Type: "N", Value: strconv.Itoa(f.Delay)}
	if bad == corrupt {
		delay.Type, delay.Value = "S", "n/a"
	}
	return []deliver.Attribute{
		{Name: "origin", Type: "S", Value: f.Origin, Key: true},
		{Name: "id", Type: "S", Value: f.ID, Key: true},
		{Name: "date", Type: "S", Value: f.Date},
		delay,
		{Name: "distance", Type: "N", Value: strconv.Itoa(f.Distance)},
		{Name: "destination", Type: "S", Value: f.Destination},
	}
}
