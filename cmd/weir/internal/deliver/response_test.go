package deliver

import (
	"errors"
	"maps"
	"slices"
	"testing"
)

// The rows are those of the responses that AWS documents or that were recorded, for SQS
// and for streams.
func TestJudge(t *testing.T) {
	t.Parallel()
	batch := []string{"a", "b", "c"}
	for _, c := range []struct {
		name     string
		response string
		err      error
		want     verdict
		failed   []string
	}{
		{"empty list", `{"batchItemFailures":[]}`, nil, success, nil},
		{"null list", `{"batchItemFailures":null}`, nil, success, nil},
		{"empty object", `{}`, nil, success, nil},
		{"null", `null`, nil, success, nil},
		{"nothing", ``, nil, success, nil},
		{"white space", " \n", nil, success, nil},
		{"empty string", `""`, nil, success, nil},
		{"empty array", `[]`, nil, success, nil},
		{"another top-level key", `{"failures":[{"itemIdentifier":"a"}]}`, nil, success, nil},
		{"key in another case", `{"BatchItemFailures":[{"itemIdentifier":"a"}]}`, nil, success, nil},
		{"one", `{"batchItemFailures":[{"itemIdentifier":"b"}]}`, nil, partial, []string{"b"}},
		{"two", `{"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"b"}]}`, nil, partial, []string{"b", "c"}},
		{"one twice", `{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]}`, nil, partial, []string{"b"}},
		{"keys beside", `{"state":{},"batchItemFailures":[{"itemIdentifier":"b","x":1}]}`, nil, partial, []string{"b"}},
		{"function error", ``, errors.New("boom"), failure, nil},
		{"function error with a response", `{"batchItemFailures":[]}`, errors.New("boom"), failure, nil},
		{"not JSON", `batchItemFailures`, nil, failure, nil},
		{"cut off", `{"batchItemFailures":[`, nil, failure, nil},
		{"empty identifier", `{"batchItemFailures":[{"itemIdentifier":""}]}`, nil, failure, nil},
		{"null identifier", `{"batchItemFailures":[{"itemIdentifier":null}]}`, nil, failure, nil},
		{"number identifier", `{"batchItemFailures":[{"itemIdentifier":123}]}`, nil, failure, nil},
		{"another key", `{"batchItemFailures":[{"foo":"a"}]}`, nil, failure, nil},
		{"null item", `{"batchItemFailures":[null]}`, nil, failure, nil},
		{"string item", `{"batchItemFailures":["a"]}`, nil, failure, nil},
		{"no list", `{"batchItemFailures":"a"}`, nil, failure, nil},
		{"unknown identifier", `{"batchItemFailures":[{"itemIdentifier":"x"}]}`, nil, failure, nil},
		{"unknown among known", `{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"x"}]}`, nil, failure, nil},
		{"empty among known", `{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":""}]}`, nil, failure, nil},
		{"other JSON", `"ok"`, nil, failure, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, failed := judge([]byte(c.response), c.err, batch)
			if got != c.want || !slices.Equal(slices.Sorted(maps.Keys(failed)), c.failed) {
				t.Errorf("verdict %d, failed %v; want %d, %v", got, failed, c.want, c.failed)
			}
		})
	}
}
