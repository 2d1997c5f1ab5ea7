package schemas_test

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/weir-go/weir/ext/internal/schemas"
	"github.com/weir-go/weir/internal/assert"
)

// Whatever is parsed can be validated without a panic, and in no time.
func TestNumbers(t *testing.T) {
	t.Parallel()
	c := jsonschema.NewCompiler()
	s, err := schemas.Compile(c, "test:///s", `{"items":{"minimum":0,"multipleOf":0.01,"type":["number","integer"]},"uniqueItems":true}`, nil)
	assert.NoError(t, err)
	for text, want := range map[string]string{
		`[1, 1.01, 12345678901234567890.01]`:       "",
		`[1.001]`:                                  "multipleOf",
		`[1e1000, 1e-2]`:                           "",
		`[1e1001]`:                                 "exponent beyond 1000",
		`{"a":[{"b":-1E-99999999999999999999}]}`:   "exponent beyond 1000",
		`[1e1000000000]`:                           "exponent beyond 1000",
		`[` + strings.Repeat("9", 1000) + `]`:      "",
		`[` + strings.Repeat("9", 1_000_000) + `]`: "has 1000000 characters",
	} {
		err := s.Validate([]byte(text))
		if want == "" {
			assert.NoError(t, err)
		} else {
			assert.Error(t, err, want)
		}
	}
}

// Large payloads are judged alike, but for the places.
func TestLarge(t *testing.T) { // not parallel: allocations are the process's
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	s, err := schemas.Compile(c, "test:///s%20x", `{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"https://example.com/s","items":{"type":"integer"}}`, nil)
	assert.NoError(t, err)
	space := strings.Repeat(" ", 70_000)
	for text, valid := range map[string]bool{`[1,2]`: true, `["a",2]`: false, `[]`: true, `{}`: true, `[[],"b"]`: false} {
		assert.Equal(t, s.Validate([]byte(text)) == nil, valid, text)
		err := s.Validate([]byte(text + space))
		assert.Equal(t, err == nil, valid, text)
		assert.Equal(t, errors.Is(err, schemas.ErrLarge), !valid, text)
	}
	assert.Error(t, s.Validate([]byte("["+space)), "EOF")

	// One that is wrong everywhere costs little more than one that is right everywhere.
	bad, good := []byte("["+strings.Repeat(`"x",`, 50_000)+`1]`), []byte("["+strings.Repeat(`123,`, 50_000)+`1]`)
	cost := func(payload []byte) float64 { return testing.AllocsPerRun(3, func() { _ = s.Validate(payload) }) }
	if b, g := cost(bad), cost(good); b > 3*g {
		t.Errorf("%.0f allocations for what is wrong, %.0f for what is right", b, g)
	}
}

// A payload that is nested deep takes no memory for the paths of all that is in it.
func TestDeep(t *testing.T) { // not parallel: allocations are the process's
	s, err := schemas.Compile(jsonschema.NewCompiler(), "test:///s", `{"anyOf":[{"type":"string"},{"type":"array","items":{"$ref":"#"}}]}`, nil)
	assert.NoError(t, err)
	const deep = 9_900 // encoding/json takes no more than 10,000
	before, after := strings.Repeat("[", deep), strings.Repeat("]", deep)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	had := m.TotalAlloc
	assert.NoError(t, s.Validate([]byte(before+`"x"`+after)))
	assert.Equal(t, errors.Is(s.Validate([]byte(before+`1`+after)), schemas.ErrLarge), true) // another's text would be endless
	// Nor does what is not that deep, with much at the end.
	assert.Equal(t, errors.Is(s.Validate([]byte(strings.Repeat("[", 500)+strings.Repeat(`1,`, 30_000)+`1`+strings.Repeat("]", 500))), schemas.ErrLarge), true)
	if runtime.ReadMemStats(&m); m.TotalAlloc-had > 100<<20 {
		t.Errorf("%d MB were allocated", (m.TotalAlloc-had)>>20)
	}
	invalid := (*schemas.Error)(nil)
	if err := s.Validate([]byte(strings.Repeat("[", 100) + `1` + strings.Repeat("]", 100))); !errors.As(err, &invalid) {
		t.Errorf("the places are gone: %v", err)
	}
}

// The text of an error is short, whatever stands in a payload.
func TestText(t *testing.T) {
	t.Parallel()
	s, err := schemas.Compile(jsonschema.NewCompiler(), "test:///s", `{"additionalProperties":{"items":{"type":"string"}}}`, nil)
	assert.NoError(t, err)
	err = s.Validate([]byte(`{"` + strings.Repeat("é/", 10_000) + `":[` + strings.Repeat("1,", 10_000) + `1]}`))
	assert.Error(t, err, "not valid by its schema: /é~1é~1", "...: type: got number, want string", " more")
	if n := len(err.Error()); n > 5*(2*200+50)+50 {
		t.Errorf("%d bytes", n)
	}
}

func FuzzValidate(f *testing.F) {
	for _, text := range []string{`1e10`, `[1,{"a":-0.5E+3}]`, `1e1001`, `1e`, `null`, `[1] 2`, `"1e9999"`} {
		f.Add([]byte(text))
	}
	c := jsonschema.NewCompiler()
	s, err := schemas.Compile(c, "test:///s", `{"minimum":0,"multipleOf":0.01,"uniqueItems":true,"items":{"maximum":9,"multipleOf":7}}`, nil)
	assert.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := s.Validate(data); err == nil && !json.Valid(data) { // it does not panic
			t.Fatalf("%q is valid", data)
		}
	})
}
