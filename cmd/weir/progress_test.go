package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir/cmd/weir/internal/deliver"
)

func deliverSlowly(w io.Writer, live bool) {
	m := &deliver.Meter{}
	p := demoProgress(stdio{err: w}, m, 1000)
	p.live = live
	stop := p.start()
	for range 10 {
		time.Sleep(time.Second + time.Millisecond) // not when the ticker ticks
		m.Settled.Add(100)
		m.Invocations.Add(3)
		m.Retries.Add(1)
	}
	m.Dead.Add(2)
	stop()
}

func TestProgressPlain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w bytes.Buffer
		deliverSlowly(&w, false)
		want := `300/1,000 records, 9 invocations, 3 retries, 0 dead letters, 3.1 s
500/1,000 records, 15 invocations, 5 retries, 0 dead letters, 5.1 s
800/1,000 records, 24 invocations, 8 retries, 0 dead letters, 8.1 s
1,000/1,000 records, 30 invocations, 10 retries, 2 dead letters, 10.0 s
`
		if got := w.String(); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

func TestProgressLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w bytes.Buffer
		deliverSlowly(&w, true)
		got := w.String()
		if n := strings.Count(got, "\r"); n < 90 || n > 101 {
			t.Errorf("%d lines in 10 seconds", n)
		}
		if want := "\r\x1b[K" + noWrap + "[#####-----] 500 records, 15 invocations, 5 retries, 0 dead, "; !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
		if strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, "\r\x1b[K1,000/1,000 records, 30 invocations, 10 retries, 2 dead letters, 10.0 s\n") {
			t.Errorf("ends with %q", got[max(0, len(got)-200):])
		}
	})
}

func TestProgressFitsLine(t *testing.T) {
	t.Parallel()
	m := &deliver.Meter{}
	m.Settled.Store(20_000)
	m.Invocations.Store(9_999)
	m.Retries.Store(9_999)
	m.Dead.Store(2_000)
	var w bytes.Buffer
	p := demoProgress(stdio{err: &w}, m, 20_000)
	p.live, p.begin = true, time.Now()
	p.tick()
	line, ok := strings.CutPrefix(w.String(), "\r\x1b[K"+noWrap)
	if n := len(strings.TrimSuffix(line, wrap)); n > 80 {
		t.Errorf("%d columns", n)
	}
	if line, cut := strings.CutSuffix(line, wrap); !ok || !cut || strings.Contains(line, "\n") {
		t.Errorf("may be wrapped: %q", w.String())
	}
}
