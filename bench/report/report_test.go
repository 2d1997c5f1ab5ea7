package report

import (
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/bench/coldstart"
	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/gobench"
	"github.com/weir-go/weir/bench/sample"
	"github.com/weir-go/weir/internal/assert"
)

// rounds are samples of a thousand records with the given CPU us/record.
func rounds(heap *sample.Heap, cpu ...float64) []sample.Sample {
	var all []sample.Sample
	for _, us := range cpu {
		all = append(all, sample.Sample{Records: 1000, Bytes: 1234567, CPUPerInvoke: us * 1000, FirstCall: 1.5, PeakMB: 20.4, Heap: heap})
	}
	return all
}

func written(t *testing.T, r *Report) string {
	t.Helper()
	var b strings.Builder
	assert.NoError(t, r.Write(&b))
	return b.String()
}

func TestWrite(t *testing.T) {
	t.Parallel()
	p := corpus.Payload{Source: corpus.SQS, Size: 1000}
	r := &Report{
		Date: "2026-01-02", Machine: "Fast One, 2 cores", Versions: []string{"go1.26", "node v20"}, Rounds: 3, Seconds: 0.5,
		Skipped: []string{"sonic: it does not build"},
		Cells: map[Cell][]sample.Sample{
			{p, Weir}:       rounds(&sample.Heap{Allocs: 120, Bytes: 500_000}, 1, 2, 1.5),
			{p, Std}:        rounds(&sample.Heap{Allocs: 63_000, Bytes: 9_000_000}, 30, 60, 30),
			{p, Powertools}: rounds(nil, 6, 10, 9),
		},
		Cold: []Cold{
			{Bare, 6_000_000, []coldstart.Start{{Response: 5 * time.Millisecond}, {Response: 3 * time.Millisecond}, {Response: 4 * time.Millisecond}}},
			{Weir, 6_200_499, []coldstart.Start{{Response: 3300 * time.Microsecond}}},
		},
		Go: []gobench.Table{{Name: "Schedule", Rows: []*gobench.Row{{Name: "Schedule/lanes/keys=0", N: "10", PerRecord: 99}, {Name: "Schedule/lanes/keys=0", N: "1000", PerRecord: 18.3}}}},
	}
	assert.Contains(t, written(t, r),
		"on 2026-01-02", "- Fast One, 2 cores\n", "- go1.26, node v20\n", "- skipped: sonic: it does not build\n", "3 times for 0.5 s",
		"| SQS, 1,000 records: CPU of Powertools TS over weir's | >= 4.5x | >= 8x | 6.00x | floor met, goal not |",
		"| SQS, 1,000 records: CPU of the Go std loop over weir's | >= 12x | >= 20x | 30.0x | goal met |",
		"| SQS, 10 records: CPU of the Go std loop over weir's | >= 10x |  |  | not measured |",
		"| cold start, 10 messages: time to the first response over aws-lambda-go alone |  | <= 0.4 ms | 0.30 ms | goal met |",
		"| scheduling a record of 1,000 on one core, in lanes |  | <= 25 ns | 18.3 ns | goal met |",
		"| scheduling a record of 1,000 on one core, one after another |  | <= 15 ns |  | not measured |",
		"| binary: size over aws-lambda-go alone |  | <= 150 kB | 200 kB | **not met** |",
		"| peer | 1,000 |\n", "| ts-sync | 6.00 (6.00x) |\n",
		"### SQS, 1,000 records, 1,234,567 bytes\n",
		"| weir | 1.00 | 1,000,000 |  | 0.12 | 500 | 1.50 | 20 |\n",
		"| std | 30.0 | 33,333 | 30.0x | 63.0 | 9,000 | 1.50 | 20 |\n",
		"| ts-sync | 6.00 | 166,666 | 6.00x |  |  | 1.50 | 20 |\n",
		"| weir | 6,200 kB |")
}

// A part that was not measured is left out.
func TestWriteNothing(t *testing.T) {
	t.Parallel()
	text := written(t, &Report{})
	for _, absent := range []string{"## SQS", "## Cold", "## Inside", "met |"} {
		if strings.Contains(text, absent) {
			t.Errorf("%q in\n%s", absent, text)
		}
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	fast := target{floor: 4, goal: 6}
	few := target{goal: 10, atMost: true}
	for _, tt := range []struct {
		t    target
		v    float64
		ok   bool
		want string
	}{
		{fast, 3.99, true, "**not met**"},
		{fast, 4, true, "floor met, goal not"},
		{fast, 6, true, "goal met"},
		{fast, 9, false, "not measured"},
		{target{floor: 10}, 10, true, "met"},
		{target{floor: 10}, 9, true, "**not met**"},
		{few, 10, true, "goal met"},
		{few, 10.1, true, "**not met**"},
	} {
		assert.Equal(t, tt.t.verdict(tt.v, tt.ok), tt.want)
	}
}

func TestDigits(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0.00", 0.123: "0.12", 9.994: "9.99", 12.34: "12.3", 123.4: "123", 1234567: "1,234,567", 1000: "1,000", -0.2: "-0.20"} {
		assert.Equal(t, digits(v), want)
	}
}
