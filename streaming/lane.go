package streaming

import (
	"slices"
	"time"

	"github.com/weir-go/weir"
)

// standing is whose a lane is.
type standing uint8

const (
	owned   standing = iota
	leaving          // nothing of it is begun, what runs may finish and be settled
	gone             // nothing of it counts any more
)

// lane is a Lane in the worker's hands, and the records of it that wait.
type lane struct {
	Lane
	ordered  bool // one batch at a time
	standing standing
	chunks   []chunk
	waiting  int // records in chunks
	bytes    int // of them
	flying   int // bytes of a Log's lane that are at work
	flights  int // batches that are at work on it

	counted   int  // what it adds to Worker.ready
	listed    bool // in Worker.lines
	delayed   bool // in Worker.delayed
	paused    bool // its source was told
	tries     int  // of its first record, that failed
	refused   int  // times that DeadLetter did not take it
	waits     int  // times that it failed by no fault of its own, beside tries
	notBefore time.Time
	lastErr   error

	done     int64 // everything up to it is
	dirty    bool  // the source was not told
	settling bool  // it is being told
}

// chunk is records of a lane in a row.
type chunk struct {
	msgs    []weir.Message
	offsets []int64
}

func (c chunk) cut(from, to int) chunk {
	return chunk{slices.Clip(c.msgs[from:to]), slices.Clip(c.offsets[from:to])}
}

// overhead is what a record takes beside its payload.
const overhead = 256

func (c chunk) bytes() (n int) {
	for i := range c.msgs {
		n += len(c.msgs[i].Payload) + overhead
		k := c.msgs[i].Kafka
		if k == nil {
			continue
		}
		n += len(k.Key)
		for _, h := range k.Headers {
			n += len(h.Name) + len(h.Value)
		}
	}
	return n
}

// failing reports whether its first record has failed.
func (l *lane) failing() bool { return l.tries > 0 || l.waits > 0 }

// takeable is how many records may go into a batch.
func (l *lane) takeable() int {
	switch {
	case l.standing != owned || l.ordered && l.flights > 0:
		return 0
	case l.failing(): // alone, so that those behind it are not run in vain
		return min(1, l.waiting)
	}
	return l.waiting
}

func (l *lane) push(c chunk) {
	if len(c.msgs) > 0 {
		l.chunks = append(l.chunks, c)
		l.waiting += len(c.msgs)
		l.bytes += c.bytes()
	}
}

// putBack puts records in front of all others.
func (l *lane) putBack(c chunk) {
	if len(c.msgs) > 0 {
		l.chunks = slices.Insert(l.chunks, 0, c)
		l.waiting += len(c.msgs)
		l.bytes += c.bytes()
	}
}

// take takes the first n records, appended to some.
func (l *lane) take(some []chunk, n int) []chunk {
	l.waiting -= n
	for n > 0 {
		c := l.chunks[0]
		k := min(n, len(c.msgs))
		part := c.cut(0, k)
		some = append(some, part)
		l.bytes -= part.bytes()
		if n -= k; k < len(c.msgs) {
			l.chunks[0] = c.cut(k, len(c.msgs))
			return some
		}
		l.chunks[0] = chunk{}
		l.chunks = l.chunks[1:]
	}
	return some
}

// drop forgets what waits, and returns it.
func (l *lane) drop() []chunk {
	all := l.chunks
	l.chunks, l.waiting, l.bytes = nil, 0, 0
	return all
}

// refresh lists a lane by what can be taken from it now.
func (w *Worker) refresh(l *lane) {
	n := l.takeable()
	if n > 0 && !l.notBefore.IsZero() {
		if time.Now().Before(l.notBefore) {
			n = 0
			if !l.delayed {
				l.delayed = true
				w.delayed = append(w.delayed, l)
			}
		} else {
			l.notBefore = time.Time{}
		}
	}
	if w.ready == 0 && n > 0 {
		w.since = time.Now()
	}
	w.ready += n - l.counted
	l.counted = n
	if n > 0 && !l.listed {
		l.listed = true
		w.lines = append(w.lines, l)
	}
}

// promote lists the lanes whose pause is over, and returns when the next one's is.
func (w *Worker) promote(now time.Time) (next time.Time) {
	rest := w.delayed[:0]
	for _, l := range w.delayed {
		if l.takeable() == 0 || !now.Before(l.notBefore) {
			l.delayed = false
			w.refresh(l)
			continue
		}
		rest = append(rest, l)
		if next.IsZero() || l.notBefore.Before(next) {
			next = l.notBefore
		}
	}
	clear(w.delayed[len(rest):])
	w.delayed = rest
	return next
}

// forget removes a lane of a Queue that has nothing left.
func (w *Worker) forget(l *lane) {
	if w.kind == Queue && l.waiting == 0 && l.flights == 0 {
		delete(w.lanes, l.Name)
	}
}

// settlePauses tells the source which lanes the worker has enough of.
func (w *Worker) settlePauses() {
	p := w.pauser
	if p == nil {
		return
	}
	w.pausing.Lock()
	defer w.pausing.Unlock()
	var pause, resume []Lane
	w.mu.Lock()
	most := 2 * w.c.records
	for _, l := range w.lanes {
		if w.stopping {
			break
		}
		switch full := l.failing() || l.waiting >= most || l.bytes > w.c.bytes/4; {
		case l.standing != owned || full == l.paused:
		case full:
			l.paused = true
			pause = append(pause, l.Lane)
		case l.waiting < w.c.records && l.bytes <= w.c.bytes/8:
			l.paused = false
			resume = append(resume, l.Lane)
		}
	}
	w.mu.Unlock()
	if len(pause) > 0 {
		p.Pause(pause...)
	}
	if len(resume) > 0 {
		p.Resume(resume...)
	}
}
