package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/weir-go/weir/cmd/weir/internal/deliver"
	"github.com/weir-go/weir/cmd/weir/internal/demo"
)

// progress shows how a delivery goes on: on a terminal in one line that changes, elsewhere
// in a line for every quarter of the records.
type progress struct {
	w     io.Writer
	meter *deliver.Meter
	total int
	live  bool

	begin time.Time
	shown int64 // quarters
}

// refresh is at most how often progress is shown.
const refresh = 100 * time.Millisecond

// A wrapped line could not be written over, so a narrow terminal cuts it off.
const noWrap, wrap = "\x1b[?7l", "\x1b[?7h"

// start shows progress until the function it returns is called, which shows the end.
func (p *progress) start() (stop func()) {
	p.begin = time.Now()
	ticker := time.NewTicker(refresh)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-ticker.C:
				p.tick()
			case <-done:
				return
			}
		}
	})
	return func() {
		ticker.Stop()
		close(done)
		wg.Wait()
		p.end()
	}
}

func (p *progress) tick() {
	if p.live {
		fmt.Fprintf(p.w, "\r\x1b[K"+noWrap+"%s"+wrap, p.line())
		return
	}
	if quarter := p.meter.Settled.Load() * 4 / int64(p.total); quarter > p.shown && quarter < 4 {
		p.shown = quarter
		fmt.Fprintln(p.w, p.line())
	}
}

func (p *progress) end() {
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	fmt.Fprintln(p.w, p.line())
}

func (p *progress) line() string {
	m := p.meter
	return fmt.Sprintf("%s/%s records, %s invocations, %s retries, %s dead letters, %.1f s",
		demo.Thousands(m.Settled.Load()), demo.Thousands(p.total), demo.Thousands(m.Invocations.Load()),
		demo.Thousands(m.Retries.Load()), demo.Thousands(m.Dead.Load()), time.Since(p.begin).Seconds())
}

// isTerminal says whether w is one on which a line can be written over.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
