package demo

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/weir-go/weir"
)

const (
	topAirports = 10
	topLetters  = 20 // of one reason
	topReasons  = 8
)

// Headline says what is about to be delivered.
func (c Config) Headline(records int, db *Database) string {
	slow, into := "", "a temporary bbolt file (not synced)"
	if c.Slow {
		slow = ", some hang"
	}
	if db.Path != "" {
		into = db.Path
	}
	return fmt.Sprintf("%s US flights of 2001 as %s\ninto %s\nbatches of %d; %s of the database's commits fail%s; %s poison; seed %d",
		Thousands(records), c.Source.spec().text, into, c.BatchSize(), percent(c.Fail), slow, percent(c.Poison), c.Seed)
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	b := &strings.Builder{}
	WriteAirports(b, r.Airports)
	r.letters(b)
	fmt.Fprintf(b, "\n%s invocations: %s failed, %s reported records, %s brought some again\n",
		Thousands(r.Invocations), Thousands(r.Failed), Thousands(r.Partial), Thousands(r.Retries))
	fmt.Fprintf(b, "%s records were delivered more than once; %s duplicates recognised, none counted\n",
		Thousands(r.DeliveredAgain), Thousands(r.Duplicates))
	if n := r.Fate.CountedBefore; n > 0 {
		fmt.Fprintf(b, "%s of the flights were in %s before this run\n", Thousands(n), r.DB)
	}
	if r.Unchanged {
		fmt.Fprintln(b, "nothing in the database has changed")
	}
	fmt.Fprintln(b, r.Fate)
	if r.Fate.OK {
		fmt.Fprintln(b, "departures and delays of every airport and day are those of a direct fold of the input")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteAirports writes the busiest airports as a table.
func WriteAirports(w io.Writer, all []Airport) {
	if len(all) == 0 {
		return
	}
	top := all[:min(topAirports, len(all))]
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\nAIRPORT\tDEPARTURES\tMEAN DELAY\tDAYS\tWORST DAY\tMEAN DELAY\t")
	for _, a := range top {
		fmt.Fprintf(t, "%s\t%s\t%.1f min\t%d\t", Clip(a.Airport, 24), Thousands(a.Flights), a.MeanDelay, a.Days)
		if d := a.WorstDay; d != nil {
			fmt.Fprintf(t, "%s\t%.1f min\t\n", d.Day, d.MeanDelay)
		} else {
			fmt.Fprint(t, "-\t-\t\n")
		}
	}
	t.Flush()
	if len(all) == 1 {
		return
	}
	fmt.Fprintf(w, "the %d busiest of %d airports\n", len(top), len(all))
}

// letters lists the dead letters by reason.
func (r *Report) letters(w io.Writer) {
	if len(r.DeadLetters) == 0 {
		fmt.Fprintln(w, "\nno dead letters")
		return
	}
	fmt.Fprintf(w, "\n%s dead letters, %s:\n", Thousands(len(r.DeadLetters)), r.DeadLetters[0].Condition)
	byReason := map[string][]DeadLetter{}
	for _, d := range r.DeadLetters {
		byReason[d.Reason] = append(byReason[d.Reason], d)
	}
	reasons := slices.Sorted(maps.Keys(byReason))
	for _, reason := range reasons[:min(topReasons, len(reasons))] {
		list := byReason[reason]
		fmt.Fprintf(w, "%6s  %s\n", Thousands(len(list)), Clip(reason, 72))
		for i, d := range list[:min(topLetters, len(list))] {
			if i%5 == 0 {
				fmt.Fprint(w, strings.Repeat(" ", 6))
			}
			fmt.Fprintf(w, "  %s %s", d.Flight, d.Origin)
			if i%5 == 4 || i == len(list)-1 {
				fmt.Fprintln(w)
			}
		}
		if more := len(list) - topLetters; more > 0 {
			fmt.Fprintf(w, "        and %s more\n", Thousands(more))
		}
	}
	if more := len(reasons) - topReasons; more > 0 {
		fmt.Fprintf(w, "        and %d more reasons\n", more)
	}
	if n := r.Fate.DeadAlthoughCounted; n > 0 {
		fmt.Fprintf(w, "        %s of them are in the totals all the same, by another delivery:\n"+
			"        redriven, they would be recognised\n", Thousands(n))
	}
	if _, ok := byReason[weir.ErrSkipped.Error()]; ok && r.Source == string(FIFO) {
		fmt.Fprintln(w, "        (a message behind a bad one of its group is merged, but not done:\n"+
			"        it would overtake; so every receive counts, and it shares its fate)")
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
	if len(f.WrongTotals) > 0 {
		line += fmt.Sprintf("; wrong totals for %s", Clip(strings.Join(f.WrongTotals, ", "), 60))
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

// Clip makes one printable line of at most n bytes of a text.
func Clip(s string, n int) string {
	s = Printable(strings.Join(strings.Fields(s), " "))
	if len(s) > n {
		return strings.ToValidUTF8(s[:n-3], "") + "..."
	}
	return s
}

// Printable keeps who wrote a record from writing to the terminal.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case r == '\n': // between errors that were joined
			return ' '
		}
		return '?'
	}, text)
}
