package envelope_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

// debeziumUpdate is of Debezium's own tutorial.
const debeziumUpdate = `{"before":{"id":1004,"first_name":"Anne"},"after":{"id":1004,"first_name":"Anne Marie"},
"source":{"version":"2.7.3.Final","connector":"mysql","name":"dbserver1","ts_ms":1486501486000,"snapshot":"false","db":"inventory","sequence":null,"table":"customers","server_id":223344,"pos":364},
"op":"u","ts_ms":1486501486308,"ts_us":1486501486308910,"transaction":{"id":"571","total_order":1,"data_collection_order":2}}`

func withSchema(payload string) string {
	return `{"schema":{"type":"struct","fields":[],"optional":false,"name":"dbserver1.inventory.customers.Envelope"},"payload":` + payload + `}`
}

var debeziumNothing = []string{
	`{"ts_ms":1581327000000}`,
	`{"status":"BEGIN","id":"571","ts_ms":1486500577125,"event_count":null,"data_collections":null}`,
	`{"status":"END","id":"571","ts_ms":1486500577691,"event_count":2,"data_collections":[{"data_collection":"inventory.customers","event_count":2}]}`,
	`{"source":{"version":"2.7.3.Final","connector":"mysql"},"ts_ms":1651535750218,"databaseName":"inventory","schemaName":null,"ddl":"ALTER TABLE customers ADD middle_name varchar(255)","tableChanges":[{"type":"ALTER"}]}`,
}

func ExampleDebezium() {
	type Customer struct {
		ID   int
		Name string `json:"first_name"`
	}
	changed := func(ctx context.Context, c *envelope.DebeziumChange[Customer]) error {
		if c == nil { // a tombstone: the key is all there is
			m, _ := weir.FromContext(ctx)
			fmt.Println("gone:", string(m.Kafka.Key))
			return nil
		}
		fmt.Println(c.Source.Table, c.Op, *c.Before, *c.After)
		return nil
	}
	fn := weir.Kafka(envelope.Debezium(weir.Each(changed)))
	_, _ = fn.Invoke(context.Background(), weirtest.Kafka(
		withSchema(debeziumUpdate),
		`{"ts_ms":1581327000000}`, // a heartbeat
		weirtest.Record{Key: `{"id":1004}`}).JSON())
	// Output:
	// customers u {1004 Anne} {1004 Anne Marie}
	// gone: {"id":1004}
}

func TestDebezium(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]string{
		debeziumUpdate:             debeziumUpdate,
		withSchema(debeziumUpdate): debeziumUpdate,
		`{"schema":null,"payload":` + debeziumUpdate + `}`: debeziumUpdate,
		`{"op":"c","schema":1,"payload":2}`:                `{"op":"c","schema":1,"payload":2}`,
		`{"op":"t","before":null,"after":null}`:            `{"op":"t","before":null,"after":null}`,
	} {
		got, err := opened(t, envelope.Debezium, payload)
		assert.NoError(t, err)
		assert.Equal(t, got, []string{want})
	}
	for _, nothing := range append([]string{"", withSchema("null")}, debeziumNothing...) {
		for _, payload := range []string{nothing, withSchema(nothing)} {
			if nothing == "" {
				payload = ""
			}
			if strings.HasPrefix(nothing, `{"schema"`) {
				payload = nothing
			}
			got, err := opened(t, envelope.Debezium, payload)
			assert.NoError(t, err)
			assert.Equal(t, len(got), 0)
		}
	}
	// Rows that were made flat are not taken for something that holds nothing, whatever their columns.
	for _, flat := range []string{
		`{"id":1,"name":"x"}`, `{"id":"1","status":"BEGIN"}`, `{"id":"1","status":"END","event_count":1}`, `{"ts_ms":1,"id":2}`, `{"source":"web","ddl":"x","tableChanges":null}`,
		`{"schema":{},"payload":{},"id":1}`, `{"schema":{},"payload":{"id":1}}`, `{"op":1}`, `{"op":null,"before":{}}`, `{"Op":"c"}`, `{}`, `{"payload":{"op":"c"}}`,
	} {
		got, err := opened(t, envelope.Debezium, flat)
		undecodable(t, got, err, "it has no op")
	}
	for _, bad := range []string{" ", "x", "[]", "null", debeziumUpdate + "x", withSchema("[]"), withSchema("1")} {
		got, err := opened(t, envelope.Debezium, bad)
		undecodable(t, got, err, "not a JSON object")
	}
}

// Tombstones come by every envelope.
func TestTombstones(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(weir.Verb) weir.Verb{
		"SNS": envelope.SNS, "EventBridge": envelope.EventBridge, "S3": notified, "Gzip": gunzip(), "Base64": envelope.Base64,
		"CloudWatchLogs": logs, "KPL": unpack, "DMS": envelope.DMS, "Debezium": envelope.Debezium,
	} {
		n := 0
		l := weir.Kafka(wrap(wrap(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
			assert.Equal(t, m.Tombstone() && m.Part == "" && string(m.Kafka.Key) == "k", true, name)
			n++
			return nil
		}))))
		weirtest.Run(t.Context(), l, weirtest.Kafka(weirtest.Record{Key: "k"})).WantDone(t)
		assert.Equal(t, n, 1, name)
	}
	// With a schema it is one too.
	n := 0
	l := weir.Kafka(envelope.Debezium(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		assert.Equal(t, m.Tombstone(), true)
		n++
		return nil
	})))
	weirtest.Run(t.Context(), l, weirtest.Kafka(withSchema("null"))).WantDone(t)
	assert.Equal(t, n, 1)
}

// Keys have schemas too, those of tombstones as well.
func TestDebeziumKeys(t *testing.T) {
	t.Parallel()
	type key struct{ ID int }
	type row struct{ ID int }
	var got []string
	l := weir.Kafka(envelope.Debezium(weir.Each(func(ctx context.Context, p weir.Pair[*key, *envelope.DebeziumChange[row]]) error {
		m, _ := weir.FromContext(ctx)
		what := "none"
		if p.Key != nil {
			what = fmt.Sprint(p.Key.ID)
		}
		got = append(got, fmt.Sprint(what, " ", p.Value == nil, " ", m.Kafka.Topic))
		for c := range weir.Carriers(ctx, m) {
			assert.Equal(t, what != "3" && what != "none", strings.HasPrefix(string(c.Kafka.Key), `{"schema"`))
		}
		return nil
	})))
	weirtest.Run(t.Context(), l, weirtest.Kafka(weirtest.In("customers-0",
		weirtest.Record{Key: withSchema(`{"id":1}`), Value: withSchema(debeziumUpdate)}, weirtest.Record{Key: withSchema(`{"id":2}`)},
		weirtest.Record{Key: `{"id":3}`, Value: debeziumUpdate}, weirtest.Record{Value: debeziumUpdate}))).WantDone(t)
	assert.Equal(t, got, []string{"1 false customers", "2 true customers", "3 false customers", "none false customers"})
}

func TestDebeziumChange(t *testing.T) {
	t.Parallel()
	type row struct {
		ID int `json:"id"`
	}
	var c envelope.DebeziumChange[row]
	assert.NoError(t, json.Unmarshal([]byte(debeziumUpdate), &c))
	assert.Equal(t, c, envelope.DebeziumChange[row]{
		Op: envelope.DebeziumUpdate, Before: &row{1004}, After: &row{1004}, Millis: 1486501486308,
		Source:      envelope.DebeziumSource{Version: "2.7.3.Final", Connector: "mysql", Name: "dbserver1", Millis: 1486501486000, Snapshot: "false", DB: "inventory", Table: "customers"},
		Transaction: &envelope.DebeziumTransaction{ID: "571", TotalOrder: 1, DataCollectionOrder: 2},
	})
	assert.Equal(t, c.Time().Sub(c.Source.Time()), 308*time.Millisecond)
	for text, want := range map[string]envelope.DebeziumSnapshot{`true`: "true", `false`: "false", `"last"`: "last", `null`: ""} {
		var s envelope.DebeziumSource
		assert.NoError(t, json.Unmarshal([]byte(`{"snapshot":`+text+`}`), &s))
		assert.Equal(t, s.Snapshot, want)
	}
	assert.Error(t, json.Unmarshal([]byte(`{"source":{"snapshot":1}}`), &c), "number")
	var m envelope.DebeziumChange[row]
	assert.NoError(t, json.Unmarshal([]byte(`{"op":"m","message":{"prefix":"p","content":"aGk="}}`), &m))
	assert.Equal(t, m.Message, &envelope.DebeziumLogMessage{Prefix: "p", Content: []byte("hi")})
}

func FuzzDebezium(f *testing.F) {
	f.Add(debeziumUpdate)
	f.Add(withSchema(`{"op":"c"}`))
	f.Add(strings.TrimSuffix(withSchema(`{"op":"c"}`), "}"))
	f.Add(strings.TrimSuffix(withSchema(`null`), "}"))
	for _, text := range debeziumNothing {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := viaRunner(t, envelope.Debezium, body)
		text := body
		var w map[string]json.RawMessage
		whole := json.Unmarshal([]byte(text), &w) == nil && w != nil
		if whole && len(w) == 2 && w["schema"] != nil && w["payload"] != nil {
			text = string(w["payload"])
			w = nil
			whole = json.Unmarshal([]byte(text), &w) == nil && w != nil
		}
		hasOp := whole && strings.HasPrefix(string(w["op"]), `"`)
		switch {
		case hasOp && (err != nil || len(got) != 1 || got[0] != text):
			t.Fatalf("%q became %q, %v", body, got, err)
		case !hasOp && len(got) > 0:
			t.Fatalf("%q became %q", body, got)
		case !whole && err == nil && body != "" && text != "null":
			t.Fatalf("%q was done", body)
		}
	})
}
