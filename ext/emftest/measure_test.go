package emftest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/metrics"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/weirtest"
)

// What middleware.Measure writes is valid too, whatever the source is called.
func TestMeasureIsValidBySchema(t *testing.T) {
	t.Parallel()
	s := schema(t)
	verb := weir.Each(func(_ context.Context, s string) error {
		if s == "bad" {
			return errors.New("no")
		}
		return nil
	})
	for _, source := range []string{"", "arn:aws:sqs:eu-west-1:1:orders", "ü\n", strings.Repeat("x", 3000)} {
		for _, values := range [][]any{nil, {"a"}, {"a", "bad"}} {
			var out bytes.Buffer
			l := weir.SQS(verb, middleware.Measure(metrics.Output(&out), metrics.Dimension("Service", "orders")))
			_, err := l.Invoke(t.Context(), weirtest.SQS(values...).From(source).JSON())
			assert.NoError(t, err)
			assert.Equal(t, strings.Count(out.String(), "\n"), 1)
			if err := validate(t, s, out.String()); err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
		}
	}
	// Without any dimension.
	var out bytes.Buffer
	e, err := metrics.NewEMF(metrics.Output(&out))
	assert.NoError(t, err)
	assert.NoError(t, e.Document("Source", "", []metrics.Point{metrics.Count("Records", 1)}))
	assert.NoError(t, validate(t, s, out.String()))
}
