package demo

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/weir-go/weir"
)

const (
	topAirports = 10
	topLetters  = 25
)

// Headline says what is about to be delivered.
func (c Config) Headline(records int) string {
	slow := ""
	if c.Slow {
		slow = ", and some hang"
	}
	return fmt.Sprintf("%s US flights of 2001 as %s\nbatches of %d, %s of the database's calls fail%s, %s of the records are poison, seed %d",
		Thousands(records), c.Source.spec().text, c.BatchSize(), percent(c.Fail), slow, percent(c.Poison), c.Seed)
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	b := &strings.Builder{}
	r.table(b)
	r.letters(b)
	fmt.Fprintf(b, "\n%s invocations: %s failed, %s reported some records, %s brought records again\n",
		Thousands(r.Invocations), Thousands(r.Failed), Thousands(r.Partial), Thousands(r.Retries))
	fmt.Fprintf(b, "%s records were delivered more than once; %s deliveries were of a record counted before, and not counted again\n",
		Thousands(r.DeliveredAgain), Thousands(r.RecognizedRepeat))
	fmt.Fprintln(b, r.Fate)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) table(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\nAIRPORT\tFLIGHTS\tMEAN DELAY\tAFTER 18:00\t")
	for _, a := range r.Airports[:min(topAirports, len(r.Airports))] {
		fmt.Fprintf(t, "%s\t%s\t%.1f min\t%.1f min\t\n", a.Airport, Thousands(a.Flights), a.MeanDelay, a.EveningDelay)
	}
	t.Flush()
	fmt.Fprintf(w, "the %d busiest of %d airports\n", min(topAirports, len(r.Airports)), len(r.Airports))
}

// letters lists the dead letters, those with the rarest reasons first when there are too
// many, and sums the rest up.
func (r *Report) letters(w io.Writer) {
	if len(r.DeadLetters) == 0 {
		fmt.Fprintln(w, "\nno dead letters")
		return
	}
	fmt.Fprintf(w, "\n%s dead letters, %s:\n", Thousands(len(r.DeadLetters)), r.DeadLetters[0].Condition)
	byReason := map[string]int{}
	for _, d := range r.DeadLetters {
		byReason[d.Reason]++
	}
	list := slices.Clone(r.DeadLetters)
	if len(list) > topLetters {
		slices.SortStableFunc(list, func(a, b DeadLetter) int { return byReason[a.Reason] - byReason[b.Reason] })
		list = list[:topLetters]
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, d := range list {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%d tries\t%s\n", d.Flight, d.Origin, d.Where, d.Tries, clip(d.Reason, 100))
		byReason[d.Reason]--
	}
	t.Flush()
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		if n := byReason[reason]; n > 0 {
			fmt.Fprintf(w, "  and %s more: %s\n", Thousands(n), clip(reason, 100))
		}
	}
	if _, ok := byReason[weir.ErrSkipped.Error()]; ok && r.Source == string(FIFO) {
		fmt.Fprintln(w, "  (each receive counts, so a message behind a poisonous one of its group is given up with it)")
	}
}

// String is the line that everything is for.
func (f Fate) String() string {
	verdict := "every record accounted for"
	if !f.OK {
		verdict = "RECORDS NOT ACCOUNTED FOR"
	}
	line := fmt.Sprintf("%s: %s in = %s aggregated + %s dead letters, %s lost, %s counted twice", verdict,
		Thousands(f.In), Thousands(f.Aggregated), Thousands(f.DeadLetters), Thousands(f.Lost), Thousands(f.CountedTwice))
	if n := len(f.WrongTotals); n > 0 {
		line += fmt.Sprintf("; wrong totals for %d airports: %s", n, clip(strings.Join(f.WrongTotals, " "), 60))
	}
	return line
}

// Thousands writes a number with commas.
func Thousands[N int | int64](n N) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func percent(share float64) string {
	return fmt.Sprintf("%.4g%%", share*100)
}

func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n-3], "") + "..."
	}
	return s
}
