package registry_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir/ext/registry"
	"github.com/weir-go/weir/internal/assert"
)

// shelf is a registry whose answers a test decides.
type shelf struct {
	mu     sync.Mutex
	errs   map[string]error
	calls  map[string]int
	answer func(ctx context.Context) error
}

func newShelf() *shelf { return &shelf{errs: map[string]error{}, calls: map[string]int{}} }

func (s *shelf) fetch(ctx context.Context, id registry.ID) (registry.Schema, error) {
	s.mu.Lock()
	s.calls[id.String()]++
	err := s.errs[id.String()]
	s.mu.Unlock()
	if s.answer != nil {
		if err := s.answer(ctx); err != nil {
			return registry.Schema{}, err
		}
	}
	return registry.Schema{Type: "AVRO", Text: "schema " + id.String()}, err
}

func (s *shelf) set(id int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs[strconv.Itoa(id)] = err
}

func (s *shelf) asked(id int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[strconv.Itoa(id)]
}

func registryOf(t testing.TB, fetch func(context.Context, registry.ID) (registry.Schema, error), opts ...registry.Option) *registry.Registry {
	t.Helper()
	reg, err := registry.New(fetch, opts...)
	assert.NoError(t, err)
	return reg
}

func get(t testing.TB, reg *registry.Registry, id int) error {
	t.Helper()
	s, err := reg.Schema(t.Context(), registry.ConfluentID(uint32(id)))
	if err == nil {
		assert.Equal(t, s.Text, "schema "+strconv.Itoa(id))
	}
	return err
}

func TestSchemaIsAskedForOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		s.answer = func(context.Context) error { time.Sleep(time.Second); return nil }
		reg := registryOf(t, s.fetch)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if err := get(t, reg, 42); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		time.Sleep(1000 * time.Hour)
		assert.NoError(t, get(t, reg, 42))
		assert.Equal(t, s.asked(42), 1)
	})
}

func TestUnknownSchemaIsAskedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		s.set(42, fmt.Errorf("odd: %w", registry.ErrUnknownSchema))
		reg := registryOf(t, s.fetch, registry.RetryUnknown(time.Minute))
		for range 3 {
			err := get(t, reg, 42)
			assert.Error(t, err, "schema 42: odd: the registry does not know the schema")
			assert.Equal(t, unavailable(err), false)
		}
		assert.Equal(t, s.asked(42), 1)
		s.set(42, nil)
		time.Sleep(time.Minute - 1)
		assert.Error(t, get(t, reg, 42), "does not know")
		time.Sleep(time.Nanosecond)
		assert.NoError(t, get(t, reg, 42))
		assert.Equal(t, s.asked(42), 2)
	})
}

// A registry that is down is not waited for once a record.
func TestRegistryThatIsDownIsLeftAloneForASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		s.answer = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		reg := registryOf(t, s.fetch, registry.Timeout(3*time.Second))
		begin := time.Now()
		for range 100 {
			err := get(t, reg, 42)
			assert.Error(t, err, "unavailable: schema 42: no answer within 3s")
			assert.Equal(t, unavailable(err), true)
		}
		assert.Equal(t, time.Since(begin), 3*time.Second)
		assert.Equal(t, s.asked(42), 1)
		time.Sleep(time.Second)
		s.answer = nil
		assert.NoError(t, get(t, reg, 42))
	})
}

// Who gives up does not take the schema from the others.
func TestSchemaUnderAContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		s.answer = func(ctx context.Context) error {
			select {
			case <-time.After(2 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		reg := registryOf(t, s.fetch)
		var all sync.WaitGroup
		all.Go(func() {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("my time is over"))
			defer cancel()
			begin := time.Now()
			_, err := reg.Schema(ctx, registry.ConfluentID(42))
			if !unavailable(err) || err.Error() != "unavailable: schema 42: my time is over" || time.Since(begin) != time.Second {
				t.Error(err, time.Since(begin))
			}
		})
		synctest.Wait() // for whom the schema is being fetched
		all.Go(func() {
			if err := get(t, reg, 42); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		assert.Equal(t, s.asked(42), 1)

		// What is there already is had even without time.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := reg.Schema(ctx, registry.ConfluentID(42))
		assert.NoError(t, err)
	})
}

func TestSchemasAreBounded(t *testing.T) {
	t.Parallel()
	s := newShelf()
	for id := 100; id < 200; id++ {
		s.set(id, registry.ErrUnknownSchema)
	}
	reg := registryOf(t, s.fetch, registry.MaxSchemas(3))
	for _, id := range []int{1, 2} {
		assert.NoError(t, get(t, reg, id))
	}
	// Ids that do not exist push each other out, not what is of use.
	for id := 100; id < 200; id++ {
		assert.Error(t, get(t, reg, id), "does not know")
	}
	assert.NoError(t, get(t, reg, 1))
	assert.NoError(t, get(t, reg, 2))
	assert.Equal(t, s.asked(1)+s.asked(2), 2)
	// Good ones do in the end.
	for id := range 50 {
		assert.NoError(t, get(t, reg, id))
	}
	again := 0
	for id := range 50 {
		before := s.asked(id)
		assert.NoError(t, get(t, reg, id))
		again += s.asked(id) - before
	}
	if again < 47 {
		t.Errorf("only %d of 50 were asked for again, so that more than 3 are kept", again)
	}
}

func TestFetchPanics(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	reg := registryOf(t, func(context.Context, registry.ID) (registry.Schema, error) {
		if calls.Add(1) == 1 {
			panic("boom")
		}
		return registry.Schema{Text: "schema 42"}, nil
	})
	err := get(t, reg, 42)
	assert.Error(t, err, "panic: boom")
	assert.Equal(t, unavailable(err), true)
	assert.NoError(t, get(t, reg, 42))
}

// apiError is like the SDK's.
type apiError string

func (e apiError) Error() string     { return "api error " + string(e) }
func (e apiError) ErrorCode() string { return string(e) }

func TestGlue(t *testing.T) {
	t.Parallel()
	id := registry.GlueID([16]byte(unhex(t, glueID)))
	var answer error
	var asked []string
	make := func() *registry.Registry {
		reg, err := registry.Glue(func(_ context.Context, id string) (registry.Schema, error) {
			asked = append(asked, id)
			return registry.Schema{Type: "JSON", Text: "{}"}, answer
		})
		assert.NoError(t, err)
		return reg
	}
	s, err := make().Schema(t.Context(), id)
	assert.NoError(t, err)
	assert.Equal(t, s, registry.Schema{ID: id, Type: "JSON", Text: "{}"})
	assert.Equal(t, asked, []string{uuid})

	answer = fmt.Errorf("operation error Glue: %w", apiError("EntityNotFoundException"))
	_, err = make().Schema(t.Context(), id)
	assert.Equal(t, errors.Is(err, registry.ErrUnknownSchema), true)
	assert.Error(t, err, "EntityNotFoundException")

	answer = apiError("AccessDeniedException")
	_, err = make().Schema(t.Context(), id)
	assert.Equal(t, unavailable(err), true)

	// Another registry's identifier is not asked for.
	asked = nil
	_, err = make().Schema(t.Context(), registry.ConfluentID(42))
	assert.Error(t, err, "42 is an identifier of Confluent's, not of AWS Glue's")
	assert.Equal(t, errors.Is(err, registry.ErrUnknownSchema), true)
	assert.Equal(t, len(asked), 0)
}

// A function that does not return has no result, and is called again.
func TestFunctionThatEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	var ends atomic.Bool
	end := func() {
		if ends.Load() {
			runtime.Goexit()
		}
	}
	s := newShelf()
	s.answer = func(context.Context) error { end(); return nil }
	reg := registryOf(t, s.fetch)
	ends.Store(true)
	for range 2 {
		err := get(t, reg, 42)
		assert.Error(t, err, "schema 42: the function ended its goroutine")
		assert.Equal(t, unavailable(err), true)
	}
	ends.Store(false)
	assert.NoError(t, get(t, reg, 42))

	d, err := registry.NewDecoder(reg, "AVRO", func(registry.Schema) (func([]byte) (int, error), error) {
		end()
		return func([]byte) (int, error) { return 7, nil }, nil
	})
	assert.NoError(t, err)
	record := []byte{0, 0, 0, 0, 42, 1}
	ends.Store(true)
	for range 2 {
		_, err = d.Bytes(record)
		assert.Error(t, err, "schema 42: the function ended its goroutine")
	}
	ends.Store(false)
	v, err := d.Bytes(record)
	assert.NoError(t, err)
	assert.Equal(t, v, 7)
}
