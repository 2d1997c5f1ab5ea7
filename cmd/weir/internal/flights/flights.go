// Package flights is real input: 20,000 flights within the United States in the first
// quarter of 2001. ATTRIBUTION.md says where they come from.
package flights

import (
	"bytes"
	"compress/gzip"
	_ "embed" // for the data
	"encoding/json"
	"fmt"
	"io"
)

// Flight is one flight, as JSON and as a DynamoDB item.
type Flight struct {
	ID          string `json:"id" dynamodbav:"id"`
	Date        string `json:"date" dynamodbav:"date"`         // local departure, as Layout
	Delay       int    `json:"delay" dynamodbav:"delay"`       // minutes, negative when early
	Distance    int    `json:"distance" dynamodbav:"distance"` // miles
	Origin      string `json:"origin" dynamodbav:"origin"`
	Destination string `json:"destination" dynamodbav:"destination"`
}

// Layout is how Flight.Date is written.
const Layout = "2006/01/02 15:04"

//go:embed flights-20k.json.gz
var compressed []byte

// Load returns the flights in order of departure. The data has no identifiers, so each
// flight gets its place: F00001, F00002 and on.
func Load() ([]Flight, error) {
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, fmt.Errorf("flights: %w", err)
	}
	var list []Flight
	if err := json.NewDecoder(z).Decode(&list); err != nil {
		return nil, fmt.Errorf("flights: %w", err)
	}
	for i := range list {
		list[i].ID = fmt.Sprintf("F%05d", i+1)
	}
	return list, nil
}

// WriteLines writes flights as an archive of JSON lines, compressed with gzip if wanted.
func WriteLines(w io.Writer, list []Flight, compress bool) error {
	if compress {
		z := gzip.NewWriter(w)
		if err := WriteLines(z, list, false); err != nil {
			return err
		}
		return z.Close()
	}
	e := json.NewEncoder(w)
	for _, f := range list {
		if err := e.Encode(f); err != nil {
			return err
		}
	}
	return nil
}
