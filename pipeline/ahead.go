package pipeline

import (
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/kpl"
)

// decoded is a message decoded ahead, by one of several goroutines.
type decoded[T any] struct {
	value T
	err   error
	tried bool // else it is decoded when its turn comes
}

// stretch is how many messages a goroutine takes at a time.
const stretch = 32

// decodeAhead decodes the messages n at a time. Aggregated ones are decoded later, user record by
// user record.
func (p *preparer[T, V]) decodeAhead(n int) {
	p.ahead = make([]decoded[T], len(p.msgs))
	var from atomic.Int64
	var all sync.WaitGroup
	for range min(n, (len(p.msgs)+stretch-1)/stretch) {
		all.Go(func() {
			for {
				end := int(from.Add(stretch))
				if end-stretch >= len(p.msgs) || p.late() != nil {
					return
				}
				for i := end - stretch; i < min(end, len(p.msgs)); i++ {
					if !kpl.Marked(p.msgs[i].Payload) {
						p.decodeOne(p.msgs[i], &p.ahead[i])
					}
				}
			}
		})
	}
	all.Wait()
}

func (p *preparer[T, V]) decodeOne(m *weir.Message, into *decoded[T]) {
	into.tried, into.err = true, weir.ErrGoexit // unless what follows is got through
	defer func() {
		if v := recover(); v != nil {
			into.err = &weir.PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	into.value, into.err = p.decode(m)
}
