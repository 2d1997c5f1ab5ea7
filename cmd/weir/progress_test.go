package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir/cmd/weir/internal/deliver"
)

func deliverSlowly(p *progress) {
	stop := p.start()
	for range 10 {
		time.Sleep(time.Second + time.Millisecond) // not when the ticker ticks
		p.meter.Settled.Add(100)
		p.meter.Invocations.Add(3)
		p.meter.Retries.Add(1)
	}
	p.meter.Dead.Add(2)
	stop()
}

func TestProgressPlain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w bytes.Buffer
		deliverSlowly(&progress{w: &w, meter: &deliver.Meter{}, total: 1000})
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
		deliverSlowly(&progress{w: &w, meter: &deliver.Meter{}, total: 1000, live: true})
		got := w.String()
		if n := strings.Count(got, "\r"); n < 90 || n > 101 {
			t.Errorf("%d lines in 10 seconds", n)
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
	m.Invocations.Store(999_999)
	m.Retries.Store(99_999)
	m.Dead.Store(20_000)
	var w bytes.Buffer
	p := &progress{w: &w, meter: m, total: 20_000, live: true, begin: time.Now()}
	p.tick()
	line, ok := strings.CutPrefix(w.String(), "\r\x1b[K"+noWrap)
	if line, cut := strings.CutSuffix(line, wrap); !ok || !cut || strings.Contains(line, "\n") {
		t.Errorf("may be wrapped: %q", w.String())
	}
}
