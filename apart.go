package weir

import (
	"runtime/debug"
	"time"
)

// apart runs user code in a goroutine of its own, so that neither a panic nor Goexit nor a
// function that never returns can harm the invocation. What f returns, or how it died, goes to
// failed, in that goroutine. If f is still running at the moment answer, apart returns
// ErrDeadlineNear without it; a zero answer waits for ever.
func apart(answer time.Time, f func() error, failed func(error)) error {
	done := make(chan struct{})
	go func() {
		err := ErrGoexit
		defer func() {
			defer close(done)
			if v := recover(); v != nil {
				err = &PanicError{Value: v, Stack: debug.Stack()}
			}
			if err != nil && failed != nil {
				failed(err)
			}
		}()
		err = f()
	}()
	if answer.IsZero() {
		<-done
		return nil
	}
	timer := time.NewTimer(time.Until(answer))
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return ErrDeadlineNear
	}
}

// guard runs user code that takes no time, such as a MarshalJSON method.
func guard(f func() error) (err error) {
	_ = apart(time.Time{}, f, func(e error) { err = e })
	return err
}
