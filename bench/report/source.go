package report

import (
	"fmt"
	"strings"

	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/sample"
)

var titles = map[corpus.Source]string{corpus.SQS: "SQS", corpus.Kinesis: "Kinesis", corpus.DynamoDB: "DynamoDB"}

// source writes an overview and one table for each size.
func (r *Report) source(b *strings.Builder, s corpus.Source) {
	var measured []corpus.Payload
	for _, p := range corpus.Payloads() {
		if p.Source == s && len(r.names(p)) > 0 {
			measured = append(measured, p)
		}
	}
	if len(measured) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\nCPU us/record, and the ratio to weir's, by number of records:\n\n| peer |", titles[s])
	for _, p := range measured {
		fmt.Fprintf(b, " %s |", size(p))
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(measured)) + "\n")
	for _, peer := range peers {
		var cells strings.Builder
		empty := true
		for _, p := range measured {
			cpu, ok := r.least(p, peer.name, sample.Sample.CPUPerRecord)
			if !ok {
				cells.WriteString(" |")
				continue
			}
			empty = false
			fmt.Fprintf(&cells, " %s", digits(cpu))
			if ratio, ok := r.ratio(p, peer.name); ok && peer.name != Weir {
				fmt.Fprintf(&cells, " (%sx)", digits(ratio))
			}
			cells.WriteString(" |")
		}
		if !empty {
			fmt.Fprintf(b, "| %s |%s\n", peer.name, cells.String())
		}
	}
	for _, p := range measured {
		r.payload(b, p)
	}
}

// names returns the peers that were measured on a payload.
func (r *Report) names(p corpus.Payload) []string {
	var names []string
	for _, peer := range peers {
		if len(r.Cells[Cell{p, peer.name}]) > 0 {
			names = append(names, peer.name)
		}
	}
	return names
}

func (r *Report) payload(b *strings.Builder, p corpus.Payload) {
	names := r.names(p)
	first := r.Cells[Cell{p, names[0]}][0]
	records := "records"
	if first.Records == 1 {
		records = "record"
	}
	fmt.Fprintf(b, "\n### %s, %s %s, %s bytes\n\n", titles[p.Source], thousands(int64(first.Records)), records, thousands(int64(first.Bytes)))
	b.WriteString("| peer | CPU us/record | records/CPU-s | ratio | allocs/record | B/record | first call ms | peak MB |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, name := range names {
		cpu, _ := r.least(p, name, sample.Sample.CPUPerRecord)
		call, _ := r.least(p, name, func(s sample.Sample) float64 { return s.FirstCall })
		peak, _ := r.of(p, name, func(s sample.Sample) float64 { return s.PeakMB })
		ratio := ""
		if x, ok := r.ratio(p, name); ok && name != Weir {
			ratio = digits(x) + "x"
		}
		heap := " | "
		if r.Cells[Cell{p, name}][0].Heap != nil {
			allocs, _ := r.of(p, name, func(s sample.Sample) float64 { return s.Heap.Allocs / float64(s.Records) })
			bytes, _ := r.of(p, name, func(s sample.Sample) float64 { return s.Heap.Bytes / float64(s.Records) })
			heap = digits(allocs) + " | " + thousands(int64(bytes))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %.0f |\n", name, digits(cpu), thousands(int64(1e6/cpu)), ratio, heap, digits(call), peak)
	}
}
