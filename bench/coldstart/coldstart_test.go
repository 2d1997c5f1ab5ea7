package coldstart

import (
	"context"
	"os"
	"runtime"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/weir-go/weir/internal/assert"
)

// programVar makes the test binary a function.
const programVar = "COLDSTART_TEST_ANSWER"

type answer string

func (a answer) Invoke(context.Context, []byte) ([]byte, error) { return []byte(a), nil }

func TestMain(m *testing.M) {
	if a, ok := os.LookupEnv(programVar); ok {
		if a == "" {
			os.Exit(3)
		}
		lambda.Start(answer(a))
	}
	os.Exit(m.Run())
}

func TestMeasure(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("CPU time and memory are read on Linux only")
	}
	f := Function{Name: "test", Args: []string{os.Args[0]}}
	t.Setenv(programVar, `{"batchItemFailures":[]}`)
	s, err := Measure(t.Context(), f, []byte(`{}`), 4)
	assert.NoError(t, err)
	if s.Next <= 0 || s.Response < s.Next || s.CPU <= 0 || s.Memory.Peak <= 0 || s.Warm <= 0 {
		t.Errorf("%+v", s)
	}
	t.Setenv(programVar, `"something else"`)
	_, err = Measure(t.Context(), f, []byte(`{}`), 4)
	assert.Error(t, err, "something else")
	t.Setenv(programVar, "")
	_, err = Measure(t.Context(), f, []byte(`{}`), 4)
	assert.Error(t, err, "test ended: exit status 3")
}
