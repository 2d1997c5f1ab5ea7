package middleware_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/middleware/once"
	"github.com/weir-go/weir/state/mem"
	"github.com/weir-go/weir/streaming"
	"github.com/weir-go/weir/streaming/memlog"
)

// Poison does not hold up a worker behind a breaker for ever: it is given up, once, and all else is done.
// Of each partition the first record is poison, or its first part is, and for a while nothing works.
func TestBreakerPoison(t *testing.T) {
	t.Parallel()
	timeout := fmt.Errorf("call: %w", context.DeadlineExceeded)
	circuit := func() weir.FlowOption {
		return middleware.Breaker(middleware.Circuit{CoolDown: time.Second, MaxCoolDown: 10 * time.Second})
	}
	retry := func() weir.FlowOption { return middleware.Retry(middleware.Retries{}) }
	for _, tt := range []struct {
		name    string
		poison  error
		parts   bool
		options func() []weir.FlowOption
	}{
		{"breaker", errStock, false, func() []weir.FlowOption { return []weir.FlowOption{circuit()} }},
		{"breaker of what times out", timeout, false, func() []weir.FlowOption { return []weir.FlowOption{circuit()} }},
		{"retry, breaker", errStock, false, func() []weir.FlowOption { return []weir.FlowOption{retry(), circuit()} }},
		{"retry, breaker of what times out", timeout, false, func() []weir.FlowOption { return []weir.FlowOption{retry(), circuit()} }},
		{"breaker, retry", timeout, false, func() []weir.FlowOption { return []weir.FlowOption{circuit(), retry()} }},
		{"parts, breaker", errStock, true, func() []weir.FlowOption { return []weir.FlowOption{circuit()} }},
		{"parts, retry, breaker", errStock, true, func() []weir.FlowOption { return []weir.FlowOption{retry(), circuit()} }},
		{"parts, once, breaker", errStock, true, func() []weir.FlowOption {
			return []weir.FlowOption{once.Use(once.New("ship", mem.New()), once.MessageID()), circuit()}
		}},
	} {
		for _, lanes := range []int{1, 2, 7} {
			for _, concurrency := range []int{1, 4} {
				synctest.Test(t, func(t *testing.T) {
					about := fmt.Sprintf("%s, %d partitions, %d at a time", tt.name, lanes, concurrency)
					log := memlog.New("orders", lanes)
					for i := range lanes {
						log.Append(i, fmt.Append(nil, "bad", i), fmt.Append(nil, "good", i))
					}
					log.End()
					group, begin := log.Group(), time.Now()
					var mu sync.Mutex
					done, letters := map[string]bool{}, map[string]int{}
					sink := deadletter.Func(func(_ context.Context, l *deadletter.Letter) error {
						mu.Lock()
						defer mu.Unlock()
						letters[string(l.Payload)]++
						return nil
					})
					verb := weir.EachMessage(func(_ context.Context, m *weir.Message) error {
						time.Sleep(10 * time.Millisecond)
						mu.Lock()
						defer mu.Unlock()
						text := string(m.Payload)
						switch poison := strings.HasPrefix(text, "bad") && (m.Part == "" || m.Part == "0"); {
						case poison:
							return tt.poison
						case time.Since(begin) < time.Minute:
							return errDown
						}
						done[text] = true
						return nil
					})
					if tt.parts {
						verb = weir.Unwrap(verb, func(_ context.Context, m *weir.Message) ([]weir.Message, error) {
							var parts []weir.Message
							for i := range 3 {
								parts = append(parts, m.WithPart(i, fmt.Appendf(nil, "%s/%d", m.Payload, i)))
							}
							return parts, nil
						})
					}
					ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
					defer cancel()
					err := streaming.Run(ctx, verb, group.Member(), streaming.Concurrency(concurrency),
						streaming.Handling(append(tt.options(), weir.Concurrency(concurrency), deadletter.To(sink, deadletter.MaxReceives(5)))...),
						streaming.DeadLetter(deadletter.Send(sink)))
					assert.NoError(t, err)
					want := lanes // what is not poison
					if tt.parts {
						want = 5 * lanes
					}
					assert.Equal(t, len(done), want, about)
					assert.Equal(t, len(letters), lanes, about)
					for i := range lanes {
						assert.Equal(t, group.Committed(i), 2, about)
						if n := letters[fmt.Sprint("bad", i)]; n != 1 && !tt.parts { // a part is put aside each time that its record comes back
							t.Errorf("%s: record %d was given up %d times", about, i, n)
						}
					}
					if took := time.Since(begin); took > time.Hour {
						t.Errorf("%s: it took %v", about, took)
					}
				})
			}
		}
	}
}
