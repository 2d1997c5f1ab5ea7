package weir

import (
	"context"
	"log/slog"
)

// logFunc logs a message and what it is about, as keys and values. Only Logger knows slog,
// which a binary that logs nothing then does without.
type logFunc = func(ctx context.Context, grave bool, msg string, about ...any)

// How grave a message is.
const (
	warn = false
	bad  = true
)

func logTo(l *slog.Logger) logFunc {
	return func(ctx context.Context, grave bool, msg string, about ...any) {
		defer func() { _ = recover() }() // a slog handler is user code, and there is nobody left to tell
		at := slog.LevelWarn
		if grave {
			at = slog.LevelError
		}
		l.Log(ctx, at, msg, about...)
	}
}

func (w *Work) log(ctx context.Context, grave bool, msg string, about ...any) {
	if w.l.cfg.log != nil {
		w.l.cfg.log(ctx, grave, msg, about...)
	}
}
