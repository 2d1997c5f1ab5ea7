package once

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/weir-go/weir"
)

// Do makes a function run once for each key. It is given to weir.Each, or called with the context of
// a handler. An empty key is a missing one.
//
//	weir.Each(once.Do(store, Order.Key, ship))
//
// It takes the Store for itself: a second function needs another one, see Store. What cannot be, such as
// a Store that is nil or taken, a key or a function that is nil, fails every record as
// weir.Unavailable, since it is not the records' fault. Store.Err tells it before the first record comes.
//
// Nothing is read ahead for the whole batch, as Use does: the keys of other records are not known
// before they are decoded.
func Do[T any](s *Store, key func(T) string, f func(ctx context.Context, v T) error) func(ctx context.Context, v T) error {
	err := s.takeTyped("Do", key == nil, f == nil)
	return func(ctx context.Context, v T) error {
		if err != nil {
			return err
		}
		return s.typed(ctx, key(v), func(ctx context.Context) ([]byte, bool, error) { return nil, true, f(ctx, v) }).error()
	}
}

// Result makes a function run once for each key, and keeps what it returns, as JSON: whoever comes
// later with the key gets that. What has no JSON form or is too large for a row is not kept, and
// later calls fail with ErrNoResult. An error is not kept, unless it is a Drop. It takes the Store, and
// fails for what cannot be, as Do does.
func Result[T, R any](s *Store, key func(T) string, f func(ctx context.Context, v T) (R, error)) func(ctx context.Context, v T) (R, error) {
	err := s.takeTyped("Result", key == nil, f == nil)
	return func(ctx context.Context, v T) (result R, _ error) {
		if err != nil {
			return result, err
		}
		ran := false
		out := s.typed(ctx, key(v), func(ctx context.Context) ([]byte, bool, error) {
			var err error
			if result, err = f(ctx, v); err != nil {
				return nil, true, err
			}
			ran = true
			text, unfit := json.Marshal(result)
			return text, unfit == nil, nil
		})
		if err := out.error(); err != nil {
			var none R
			return none, err
		}
		if ran {
			return result, nil
		}
		return result, out.entry.into(&result)
	}
}

// into gives the result that was kept.
func (e *entry) into(result any) error {
	if e.status != done || len(e.result) == 0 {
		return weir.Permanent(ErrNoResult)
	}
	if err := json.Unmarshal(e.result, result); err != nil {
		return weir.Permanent(fmt.Errorf("%w that fits: %w", ErrNoResult, err))
	}
	return nil
}

// takeTyped gives the store to Do or Result.
func (s *Store) takeTyped(verb string, noKey, noFunction bool) error {
	var wrong error
	switch {
	case noKey:
		wrong = fmt.Errorf("once: %s: the key function is nil", verb)
	case noFunction:
		wrong = fmt.Errorf("once: %s: the function is nil", verb)
	}
	if err := s.take(verb+"'s key function", wrong); err != nil {
		return weir.Unavailable(err)
	}
	return nil
}

// typed is run for what was decoded. A function that runs without a key has the outcome of none.
func (s *Store) typed(ctx context.Context, key string, f function) outcome {
	if key == "" && !s.keyless {
		return outcome{err: weir.Permanent(&noKeyError{s.key + ` returned ""`, "correct the producer, or say RunWithoutKey"})}
	}
	if key == "" {
		_, _, err := f(ctx)
		return outcome{err: err}
	}
	m, _ := weir.FromContext(ctx)
	return s.run(ctx, m, key, nil, f)
}
