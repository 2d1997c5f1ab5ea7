package middleware

import (
	"context"
	"iter"
	"log/slog"
	"sync"
	"unicode/utf8"

	"github.com/weir-go/weir"
)

// maxLogKey bounds the attribute key, in bytes: a DynamoDB item's may have kilobytes.
const maxLogKey = 256

// Log sets the logger that Logger makes a record's logger of. A nil logger is slog.Default() at the
// time of each call, as without Log. It costs one context a batch.
func Log(l *slog.Logger) weir.Option { return weir.Observe(logs{l}) }

type logs struct{ logger *slog.Logger }

type logKey struct{}

// BatchContext implements weir.BatchContextObserver.
func (l logs) BatchContext(ctx context.Context, _ iter.Seq[*weir.Message]) context.Context {
	if l.logger == nil {
		return ctx
	}
	return context.WithValue(ctx, logKey{}, l.logger)
}

// Logger returns a logger that says which record it logs about, by the attributes
//
//	source     the event source ARN
//	id         the identifier by which Lambda knows the record
//	part       see weir.Message.Part
//	key        weir.Message.OrderingKey, of which 256 bytes are kept: of Kinesis the partition
//	           key, and of DynamoDB the item's key
//	attempt    the receive count of SQS
//	requestId  the invocation's
//
// Those that the record does not have are left out. ctx is the context of a handler or of an
// observer of records; for the records of a Batch, it is one made by weir.WithMessage. Of any other,
// the logger has none of them. They are gathered when something is logged, so that nothing is paid
// for a level that is not.
func Logger(ctx context.Context) *slog.Logger {
	l, _ := ctx.Value(logKey{}).(*slog.Logger)
	if l == nil {
		l = slog.Default()
	}
	m, ok := weir.FromContext(ctx)
	if !ok {
		return l
	}
	return slog.New(&recordHandler{base: l.Handler(), m: m})
}

// recordHandler is a handler with the attributes of a record, once they are asked for.
type recordHandler struct {
	base slog.Handler
	m    *weir.Message
	once sync.Once
	full slog.Handler
}

func (h *recordHandler) with() slog.Handler {
	h.once.Do(func() { h.full = h.base.WithAttrs(logAttributes(h.m)) })
	return h.full
}

func (h *recordHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.base.Enabled(ctx, level)
}

func (h *recordHandler) Handle(ctx context.Context, r slog.Record) error {
	return h.with().Handle(ctx, r)
}

func (h *recordHandler) WithAttrs(attrs []slog.Attr) slog.Handler { return h.with().WithAttrs(attrs) }

func (h *recordHandler) WithGroup(name string) slog.Handler { return h.with().WithGroup(name) }

func logAttributes(m *weir.Message) []slog.Attr {
	attrs := make([]slog.Attr, 0, 6)
	add := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	add("source", m.SourceARN)
	add("id", m.ID)
	add("part", m.Part)
	add("key", logKeyOf(m.OrderingKey))
	if m.Attempt > 0 {
		attrs = append(attrs, slog.Int("attempt", m.Attempt))
	}
	add("requestId", m.RequestID())
	return attrs
}

func logKeyOf(key string) string {
	if len(key) <= maxLogKey {
		return key
	}
	n := maxLogKey
	for n > 0 && !utf8.RuneStart(key[n]) {
		n--
	}
	return key[:n] + "..."
}
