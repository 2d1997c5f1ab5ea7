package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weir-go/weir/bench/coldstart"
)

func (r *Report) function(name string) *Cold {
	for i := range r.Cold {
		if r.Cold[i].Name == name && len(r.Cold[i].Starts) > 0 {
			return &r.Cold[i]
		}
	}
	return nil
}

// response is the least time to the first response, in ms.
func (r *Report) response(name string) (float64, bool) {
	c := r.function(name)
	if c == nil {
		return 0, false
	}
	return c.least(func(s coldstart.Start) float64 { return ms(s.Response) }), true
}

func (c *Cold) of(figure func(coldstart.Start) float64) float64 {
	v := make([]float64, len(c.Starts))
	for i, s := range c.Starts {
		v[i] = figure(s)
	}
	m, _ := median(v)
	return m
}

func (c *Cold) least(figure func(coldstart.Start) float64) float64 {
	v := make([]float64, len(c.Starts))
	for i, s := range c.Starts {
		v[i] = figure(s)
	}
	return slices.Min(v)
}

func (r *Report) cold(b *strings.Builder) {
	if len(r.Cold) == 0 {
		return
	}
	fmt.Fprintf(b, `
## Cold start

The reference function: orders from an SQS queue, 10 in the first event, through a Runtime API on 127.0.0.1, on all cores.
The functions were started in turns, %d times each; medians, and the least time to the first response. Go: CGO_ENABLED=0, -tags lambda.norpc, -trimpath, -ldflags '-s -w'.
The first row answers a constant. A later invocation includes the way over HTTP.

| function | file | to the first request ms | to the first response ms | least | CPU by then ms | memory then MB | later invocation us |
|---|--:|--:|--:|--:|--:|--:|--:|
`, len(r.Cold[0].Starts))
	for i := range r.Cold {
		c := &r.Cold[i]
		if len(c.Starts) == 0 {
			continue
		}
		size := ""
		if c.Size > 0 {
			size = thousands((c.Size+500)/1000) + " kB"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", c.Name, size,
			digits(c.of(func(s coldstart.Start) float64 { return ms(s.Next) })),
			digits(c.of(func(s coldstart.Start) float64 { return ms(s.Response) })),
			digits(c.least(func(s coldstart.Start) float64 { return ms(s.Response) })),
			digits(c.of(func(s coldstart.Start) float64 { return ms(s.CPU) })),
			digits(c.of(func(s coldstart.Start) float64 { return s.Memory.Now })),
			digits(c.of(func(s coldstart.Start) float64 { return 1000 * ms(s.Warm) })))
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
