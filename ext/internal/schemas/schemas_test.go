package schemas_test

import (
	"encoding/json"
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
		doc, err := schemas.Parse([]byte(text))
		if err == nil {
			err = s.Validate(doc)
		}
		if want == "" {
			assert.NoError(t, err)
		} else {
			assert.Error(t, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{`1e10`, `[1,{"a":-0.5E+3}]`, `1e1001`, `1e`, `null`, `[1] 2`, `"1e9999"`} {
		f.Add([]byte(text))
	}
	c := jsonschema.NewCompiler()
	s, err := schemas.Compile(c, "test:///s", `{"minimum":0,"multipleOf":0.01,"uniqueItems":true,"items":{"maximum":9,"multipleOf":7}}`, nil)
	assert.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := schemas.Parse(data)
		if err != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q was parsed", data)
		}
		_ = s.Validate(doc) // it does not panic
	})
}
