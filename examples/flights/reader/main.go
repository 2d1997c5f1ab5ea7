// Command reader FILE reads the departures of all airports from the store, and compares them with
// a plain count of the flights in the file. It fails if one differs.
package main

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/weir-go/weir/examples/flights/departures"
	"github.com/weir-go/weir/pipeline"
)

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, file string) error {
	want, total, err := count(file)
	if err != nil {
		return err
	}
	p := departures.Pipeline(departures.Client())
	var found []string
	for key, err := range p.AllKeys(ctx) {
		if err != nil {
			return err
		}
		found = append(found, key)
	}
	slices.Sort(found)
	keys := slices.Sorted(maps.Keys(want))
	if !slices.Equal(found, keys) {
		return fmt.Errorf("the store has the airports %v, the file has %v", found, keys)
	}
	from, to := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2003, 1, 1, 0, 0, 0, 0, time.UTC)
	sum, wrong := int64(0), 0
	for _, key := range keys {
		r, err := p.Range(ctx, key, from, to, pipeline.Consistent())
		if err != nil {
			return err
		}
		sum += r.Value
		if r.Value != want[key] {
			wrong++
			fmt.Printf("%s: %d departures, and the file has %d\n", key, r.Value, want[key])
		}
	}
	fmt.Printf("%d airports, %d departures; the file has %d\n", len(keys), sum, total)
	if wrong > 0 {
		return fmt.Errorf("%d airports differ", wrong)
	}
	return nil
}

// count is the direct fold.
func count(file string) (by map[string]int64, total int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, 0, err
	}
	by = map[string]int64{}
	for d := json.NewDecoder(z); ; total++ {
		var flight departures.Flight
		if err := d.Decode(&flight); errors.Is(err, io.EOF) {
			return by, total, nil
		} else if err != nil {
			return nil, 0, err
		}
		by[flight.Origin]++
	}
}
