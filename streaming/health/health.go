// Package health tells the outside how a worker of package streaming is:
//
//	err := streaming.Run(ctx, verb, source, health.At("127.0.0.1:8080"))
//
// serves three pages while it runs.
//
//   - /livez is 200 unless a batch is stuck, see StuckAfter: restart the worker.
//   - /readyz is 200 unless the worker starts, shuts down, is paused, or its source does not answer. The
//     page says which.
//   - /metrics is for Prometheus.
//
// It is a package of its own so that nobody else is linked with net/http.
package health

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/weir-go/weir/streaming"
)

// Reporter is a *streaming.Worker.
type Reporter interface {
	Status() streaming.Status
}

// DefaultStuckAfter is how long a batch may take.
const DefaultStuckAfter = 10 * time.Minute

// Option changes what the pages say.
type Option func(*pages)

// StuckAfter is how long a batch may take before /livez fails. The default is DefaultStuckAfter.
func StuckAfter(d time.Duration) Option { return func(p *pages) { p.stuck = d } }

// At serves the pages on an address such as "127.0.0.1:8080". If it cannot, the worker does not
// start.
func At(addr string, opts ...Option) streaming.Option {
	return streaming.Beside(func(w *streaming.Worker) (func(), error) {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, fmt.Errorf("health: %w", err)
		}
		return serve(l, w, opts), nil
	})
}

// On serves the pages on a listener, and closes it when the worker ends.
func On(l net.Listener, opts ...Option) streaming.Option {
	return streaming.Beside(func(w *streaming.Worker) (func(), error) { return serve(l, w, opts), nil })
}

func serve(l net.Listener, w *streaming.Worker, opts []Option) (stop func()) {
	s := &http.Server{Handler: Handler(w, opts...), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(l) // until it is closed
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			_ = s.Close()
		}
		<-ended
	}
}

// Handler makes the pages, to be served by a server of one's own.
func Handler(r Reporter, opts ...Option) http.Handler {
	p := &pages{r, DefaultStuckAfter}
	for _, o := range opts {
		if o != nil {
			o(p)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", p.live)
	mux.HandleFunc("GET /readyz", p.ready)
	mux.HandleFunc("GET /metrics", p.metrics)
	return mux
}

type pages struct {
	r     Reporter
	stuck time.Duration
}

func (p *pages) live(w http.ResponseWriter, _ *http.Request) {
	if s := p.r.Status(); s.Oldest > p.stuck {
		answer(w, http.StatusServiceUnavailable, fmt.Sprintf("a batch has been at work for %v", s.Oldest.Round(time.Second)))
		return
	}
	answer(w, http.StatusOK, "ok")
}

func (p *pages) ready(w http.ResponseWriter, _ *http.Request) {
	if s := p.r.Status(); !s.Ready {
		answer(w, http.StatusServiceUnavailable, s.Reason)
		return
	}
	answer(w, http.StatusOK, "ok")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}
