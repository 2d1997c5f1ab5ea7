package weir_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
)

type product struct {
	ID    string         `dynamodbav:"id"`
	Price *big.Int       `dynamodbav:"price"`
	Exact json.Number    `dynamodbav:"exact"`
	Tags  []string       `dynamodbav:"tags"`
	Blob  []byte         `dynamodbav:"blob"`
	Inner map[string]int `dynamodbav:"inner"`
}

const productImage = `{"id":{"S":"p1"},"price":{"N":"12345678901234567890123456789012345678"},"exact":{"N":"0.10"},"tags":{"SS":["a","b"]},"blob":{"B":"AAE="},"inner":{"M":{"x":{"N":"3"}}}}`

func changeEvent(name, dynamodb, extra string) []byte {
	return []byte(fmt.Sprintf(`{"Records":[{"eventName":%q,"eventSource":"aws:dynamodb",%s"dynamodb":{"SequenceNumber":"111","Keys":{"id":{"S":"p1"}}%s},"eventSourceARN":%q}]}`, name, extra, dynamodb, tableARN))
}

func TestChange(t *testing.T) {
	t.Parallel()
	price, _ := new(big.Int).SetString("12345678901234567890123456789012345678", 10)
	full := product{"p1", price, "0.10", []string{"a", "b"}, []byte{0, 1}, map[string]int{"x": 3}}
	keys := product{ID: "p1"}
	ttl := `"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"},`
	for name, c := range map[string]struct {
		event []byte
		want  weir.Change[product]
	}{
		"insert":      {changeEvent("INSERT", `,"NewImage":`+productImage, ""), weir.Change[product]{New: &full, Keys: keys, Kind: weir.Insert}},
		"modify":      {changeEvent("MODIFY", `,"OldImage":{"id":{"S":"p1"}},"NewImage":`+productImage, `"userIdentity":null,`), weir.Change[product]{Old: &keys, New: &full, Keys: keys, Kind: weir.Modify}},
		"remove":      {changeEvent("REMOVE", `,"OldImage":`+productImage, `"userIdentity":{"type":"Service","principalId":"someone"},`), weir.Change[product]{Old: &full, Keys: keys, Kind: weir.Remove}},
		"expired":     {changeEvent("REMOVE", `,"OldImage":`+productImage, ttl), weir.Change[product]{Old: &full, Keys: keys, Kind: weir.Remove, Expired: true}},
		"keys only":   {changeEvent("MODIFY", ``, ttl), weir.Change[product]{Keys: keys, Kind: weir.Modify}},
		"null images": {changeEvent("MODIFY", `,"OldImage":null,"NewImage":null`, ""), weir.Change[product]{Keys: keys, Kind: weir.Modify}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := weir.DynamoDB(weir.Each(func(ctx context.Context, got weir.Change[product]) error {
				assert.Equal(t, got, c.want)
				return nil
			}))
			assert.Equal(t, invoke(t, t.Context(), l, c.event).states(), "111 succeeded")
		})
	}
}

func TestNewImage(t *testing.T) {
	t.Parallel()
	price, _ := new(big.Int).SetString("12345678901234567890123456789012345678", 10)
	full := product{"p1", price, "0.10", []string{"a", "b"}, []byte{0, 1}, map[string]int{"x": 3}}
	keys := product{ID: "p1"}
	ttl := `"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"},`
	for name, c := range map[string]struct {
		event []byte
		want  weir.NewImage[product]
	}{
		"insert":     {changeEvent("INSERT", `,"NewImage":`+productImage, ""), weir.NewImage[product]{New: &full, Kind: weir.Insert}},
		"modify":     {changeEvent("MODIFY", `,"OldImage":{"id":"not looked at"},"NewImage":`+productImage, ""), weir.NewImage[product]{New: &full, Kind: weir.Modify}},
		"expired":    {changeEvent("REMOVE", `,"OldImage":`+productImage, ttl), weir.NewImage[product]{Keys: &keys, Kind: weir.Remove, Expired: true}},
		"keys only":  {changeEvent("MODIFY", ``, ""), weir.NewImage[product]{Keys: &keys, Kind: weir.Modify}},
		"null image": {changeEvent("MODIFY", `,"NewImage":null`, ""), weir.NewImage[product]{Keys: &keys, Kind: weir.Modify}},
	} {
		l := weir.DynamoDB(weir.Each(func(ctx context.Context, got weir.NewImage[product]) error {
			assert.Equal(t, got, c.want, name)
			return nil
		}))
		assert.Equal(t, invoke(t, t.Context(), l, c.event).states(), "111 succeeded", name)
	}
	take := weir.Each(func(context.Context, weir.NewImage[product]) error { return nil })
	assert.Error(t, weir.SQS(take).Err(), "SQS records are no weir.Change")
	res := invoke(t, t.Context(), weir.DynamoDB(take, weir.ReportAll()), changeEvent("INSERT", `,"NewImage":{"id":{"N":1}}`, ""))
	assert.Error(t, res.records[0].Err, "new image: id")
}

// What is decoded where it stands in the event is gone with the event.
func TestImagesEndWithTheInvocation(t *testing.T) {
	t.Parallel()
	var kept *weir.Message
	l := weir.DynamoDB(weir.EachMessage(func(_ context.Context, m *weir.Message) error { kept = m; return nil }))
	invoke(t, t.Context(), l, changeEvent("INSERT", `,"NewImage":`+productImage, ""))
	_, err := weir.NewDecoder[weir.Change[product]]().Decode(kept)
	assert.Error(t, err, "the record is gone")
}

func TestChangeThatDoesNotDecode(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]string{
		`{"id":{"S":"p1"},"inner":{"M":{"x":{"N":"1.5"}}}}`: `new image: inner.x: cannot decode N "1.5" into int`,
		`{"id":{"N":1}}`:     "new image: id",
		`{"id":"p1"}`:        "new image: id",
		`{"id":{"Q":"p1"}}`:  "new image: id",
		`{"blob":{"B":"*"}}`: "new image: blob",
	} {
		l := weir.DynamoDB(weir.Each(func(ctx context.Context, got weir.Change[product]) error { return nil }), weir.ReportAll())
		res := invoke(t, t.Context(), l, changeEvent("INSERT", `,"NewImage":`+image, ""))
		assert.Equal(t, res.failed, []string{"111"})
		assert.Error(t, res.records[0].Err, want)
	}
	type unfit struct {
		C chan int `dynamodbav:"id"`
	}
	l := weir.DynamoDB(weir.Each(func(context.Context, weir.Change[unfit]) error { return nil }))
	res := invoke(t, t.Context(), l, changeEvent("INSERT", ``, ""))
	assert.Error(t, res.err, "chan int")
	l = weir.DynamoDB(weir.Each(func(context.Context, weir.Change[int]) error { return nil }))
	assert.Error(t, l.Err(), "int")
}

// A type with room for the record takes it as JSON, as aws-lambda-go's events do.
func TestDynamoDBRecordAsJSON(t *testing.T) {
	t.Parallel()
	type record struct {
		EventName string
		Change    struct{ Keys map[string]any } `json:"dynamodb"`
	}
	event := changeEvent("REMOVE", "", "")
	l := weir.DynamoDB(weir.Each(func(_ context.Context, r record) error {
		assert.Equal(t, r.EventName, "REMOVE")
		assert.Equal(t, len(r.Change.Keys), 1)
		return nil
	}))
	assert.Equal(t, invoke(t, t.Context(), l, event).states(), "111 succeeded")
	for _, v := range []weir.Verb{
		weir.Each(func(_ context.Context, s string) error { assert.Contains(t, s, `"eventName":"REMOVE"`); return nil }),
		weir.Each(func(_ context.Context, b []byte) error { assert.Contains(t, string(b), `"REMOVE"`); return nil }),
		weir.Each(func(_ context.Context, b json.RawMessage) error {
			assert.Contains(t, string(b), `"REMOVE"`)
			return nil
		}),
		weir.Each(func(_ context.Context, m map[string]any) error {
			assert.Equal(t, m["eventName"], any("REMOVE"))
			return nil
		}),
		weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			assert.Equal(t, []string{m.OrderingKey, m.Attribute("eventName"), m.Attribute("SequenceNumber")}, []string{`{"id":{"S":"p1"}}`, "REMOVE", "111"})
			return nil
		}),
	} {
		assert.Equal(t, invoke(t, t.Context(), weir.DynamoDB(v), event).states(), "111 succeeded")
	}
}

// Keys that differ only in how they are written are one item, and its changes stay in order.
func TestDynamoDBLanesByItem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := func(seq, keys string) string {
			return fmt.Sprintf(`{"eventName":"MODIFY","eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":%q,"Keys":%s}}`, seq, keys)
		}
		event := raw(one("1", `{"a":{"S":"x"},"b":{"N":"1"}}`), one("2", `{"a":{"S":"y"},"b":{"N":"1"}}`), one("3", `{ "b":{"N":"1.0"}, "a":{"S":"\u0078"} }`))
		for _, opt := range []weir.FlowOption{weir.Concurrency(3), weir.FlowOptions(weir.Concurrency(3))} {
			var ran []string
			turn := make(chan struct{}, 1)
			l := weir.DynamoDB(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
				if m.ID == "1" {
					time.Sleep(time.Second)
				}
				turn <- struct{}{}
				ran = append(ran, m.ID)
				<-turn
				return nil
			}), opt)
			invoke(t, t.Context(), l, []byte(event))
			assert.Equal(t, strings.Join(ran, ""), "213")
		}
	})
}
