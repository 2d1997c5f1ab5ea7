package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// progress shows how something goes on: on a terminal in one line that changes, elsewhere in a
// line for every quarter.
type progress struct {
	w     io.Writer
	share func() float64 // from 0 to 1
	text  func() string
	brief func() string // text beside a bar, for 80 columns
	live  bool

	begin time.Time
	shown int // quarters
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
		fmt.Fprintf(p.w, "\r\x1b[K"+noWrap+"%s %s"+wrap, bar(p.share()), p.line(p.brief))
		return
	}
	if quarter := int(p.share() * 4); quarter > p.shown && quarter < 4 {
		p.shown = quarter
		fmt.Fprintln(p.w, p.line(p.text))
	}
}

func (p *progress) end() {
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	fmt.Fprintln(p.w, p.line(p.text))
}

func (p *progress) line(text func() string) string {
	return fmt.Sprintf("%s, %.1f s", text(), time.Since(p.begin).Seconds())
}

// bar draws a share.
func bar(share float64) string {
	const width = 10
	full := int(min(max(share, 0), 1) * width)
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", width-full) + "]"
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
