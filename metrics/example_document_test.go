package metrics_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/weir-go/weir/metrics"
)

// Metrics of one's own, in one line. On Lambda the output is os.Stdout, which is the default.
func ExampleEMF_Document() {
	var out bytes.Buffer
	emf, err := metrics.NewEMF(metrics.Output(&out), metrics.Namespace("Shop"), metrics.Dimension("Function", "ship"))
	if err != nil {
		panic(err)
	}
	_ = emf.Document("Carrier", "DHL", []metrics.Point{
		metrics.Count("Parcels", 12),
		metrics.Time("Quote", 85*time.Millisecond),
	}, metrics.Property{Name: "requestId", Value: "6f1f1a4c"})

	var line struct {
		Carrier, Function, RequestID string
		Parcels                      int
		Quote                        float64
	}
	_ = json.Unmarshal(out.Bytes(), &line)
	fmt.Printf("%+v\n", line)
	// Output:
	// {Carrier:DHL Function:ship RequestID:6f1f1a4c Parcels:12 Quote:85}
}
