package reference

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"testing"
	"unsafe"

	"github.com/weir-go/weir/bench/corpus"
	"github.com/weir-go/weir/bench/model"
	"github.com/weir-go/weir/internal/assert"
)

func decoded(t *testing.T, payload []byte) (o model.Order) {
	t.Helper()
	assert.NoError(t, json.Unmarshal(payload, &o))
	return o
}

func TestSQSValues(t *testing.T) {
	t.Parallel()
	event, n := corpus.Payload{Source: corpus.SQS, Size: 1000}.Event()
	p := compile(reflect.TypeFor[model.Order](), `\"`)
	var got, want []model.Order
	assert.NoError(t, eachSQS(event, func(_, body []byte) error {
		var text string
		assert.NoError(t, json.Unmarshal(append([]byte(`"`), body...), &text))
		want = append(want, decoded(t, []byte(text)))
		var o model.Order
		err := p.decode(body, unsafe.Pointer(&o))
		got = append(got, o)
		return err
	}))
	assert.Equal(t, len(got), n)
	assert.Equal(t, got, want) // after all were decoded: values may be kept
}

func TestKinesisValues(t *testing.T) {
	t.Parallel()
	event, n := corpus.Payload{Source: corpus.Kinesis, Size: 1000}.Event()
	p := compile(reflect.TypeFor[model.Order](), `"`)
	records, err := scanKinesis(event, nil)
	assert.NoError(t, err)
	assert.Equal(t, len(records), n)
	var got, want []model.Order
	for _, r := range records {
		data, err := base64.StdEncoding.DecodeString(string(r.data))
		assert.NoError(t, err)
		want = append(want, decoded(t, data))
		var o model.Order
		assert.NoError(t, p.decode(data, unsafe.Pointer(&o)))
		got = append(got, o)
	}
	assert.Equal(t, got, want)
}

func TestLongSlices(t *testing.T) {
	t.Parallel()
	type lists struct {
		A []int    `json:"a"`
		B []string `json:"b"`
	}
	p := compile(reflect.TypeFor[lists](), `"`)
	for range 3 {
		var want, got lists
		for i := range 200 {
			want.A, want.B = append(want.A, i), append(want.B, string(rune('a'+i%26)))
		}
		text, err := json.Marshal(want)
		assert.NoError(t, err)
		assert.NoError(t, p.decode(text, unsafe.Pointer(&got)))
		assert.Equal(t, got, want)
	}
}

// What is not of the corpus is refused.
func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, event := range []string{``, `{}`, `{"Records":[]}`, `{"Records":[{"messageId":"1"}]}`} {
		_, err := SQS().Invoke(t.Context(), []byte(event))
		assert.Error(t, err, "none of the corpus")
		_, err = Kinesis().Invoke(t.Context(), []byte(event))
		assert.Error(t, err, "none of the corpus")
	}
}

func TestStringEnd(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		`abc"`: 3, `a\"bcdefgh\"ijklmnop"x"`: 20, `1234567\""`: 9, `1234567\\"`: 9, `123456\\\""`: 10,
		`\\\\\\\\"`: 8, `1234567\\\"9"`: 12, `"`: 0, `\"\"\"\"\"\"\"\"\"\\"tail`: 20, `never`: -1, `\"`: -1,
	} {
		if got := stringEnd([]byte(text), 0); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}
