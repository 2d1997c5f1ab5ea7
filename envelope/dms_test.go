package envelope_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/weirtest"
)

func dmsBody(operation, more string) string {
	return `{"data":{"id":7,"name":"x"},"metadata":{"timestamp":"2019-03-18T17:00:00.123456Z","record-type":"data","operation":"` + operation +
		`","partition-key-type":"primary-key","schema-name":"shop","table-name":"orders","transaction-id":12884904641}` + more + `}`
}

const dmsControl = `{"metadata":{"timestamp":"2019-03-18T17:00:00Z","record-type":"control","operation":"create-table","partition-key-type":"task-id","schema-name":"shop","table-name":"orders"}}`

func ExampleDMS() {
	type Order struct {
		ID   int
		Name string
	}
	changed := func(ctx context.Context, c envelope.DMSChange[Order]) error {
		fmt.Println(c.Metadata.Table, c.Op, c.Before, c.After)
		return nil
	}
	fn := weir.Kinesis(envelope.DMS(weir.Each(changed)))
	_, _ = fn.Invoke(context.Background(), weirtest.Kinesis(
		dmsControl,
		dmsBody("insert", ""),
		dmsBody("update", `,"before-image":{"name":"w"}`),
		dmsBody("delete", "")).JSON())
	// Output:
	// orders insert <nil> &{7 x}
	// orders update &{0 w} &{7 x}
	// orders delete &{7 x} <nil>
}

func TestDMS(t *testing.T) {
	t.Parallel()
	for _, data := range []string{dmsBody("load", ""), `{"metadata":{"record-type":"data"}}`, ` {"metadata":1,"metadata":{"record-type":"control","record-type":"data"},"data":null} `} {
		got, err := opened(t, envelope.DMS, data)
		assert.NoError(t, err)
		assert.Equal(t, got, []string{data})
	}
	got, err := opened(t, envelope.DMS, dmsControl)
	assert.NoError(t, err)
	assert.Equal(t, len(got), 0)
	for payload, why := range map[string]string{
		"": "not a JSON object", "[]": "not a JSON object", "null": "not a JSON object", dmsBody("load", "") + "x": "not a JSON object",
		`{}`: "no metadata", `{"data":{}}`: "no metadata", `{"metadata":null}`: "no metadata", `{"Metadata":{"record-type":"data"}}`: "no metadata",
		`{"metadata":{}}`: `record-type is ""`, `{"metadata":{"record-type":"other"}}`: `record-type is "other"`, `{"metadata":{"record-type":1}}`: `record-type is ""`,
	} {
		got, err := opened(t, envelope.DMS, payload)
		undecodable(t, got, err, "DMS", why)
	}
}

func TestDMSChange(t *testing.T) {
	t.Parallel()
	type row struct {
		ID   int    `json:"id"`
		Name string `json:"name"`
	}
	read := func(text string) (c envelope.DMSChange[row], err error) {
		err = json.Unmarshal([]byte(text), &c)
		return c, err
	}
	after, old := &row{7, "x"}, &row{0, "w"}
	for _, c := range []struct {
		text          string
		before, after *row
	}{
		{dmsBody("load", ""), nil, after},
		{dmsBody("update", ""), nil, after},
		{dmsBody("update", `,"before-image":{"name":"w"}`), old, after},
		{dmsBody("delete", ""), after, nil},
		{dmsBody("delete", `,"before-image":{"name":"w"}`), old, nil},
		{`{"before-image":{"name":"w"},"metadata":{"record-type":"data","operation":"delete"}}`, old, nil},
		{dmsControl, nil, nil},
	} {
		got, err := read(c.text)
		assert.NoError(t, err)
		assert.Equal(t, got.Before, c.before, c.text)
		assert.Equal(t, got.After, c.after, c.text)
	}
	c, err := read(dmsBody("insert", ""))
	assert.NoError(t, err)
	assert.Equal(t, c.Metadata, envelope.DMSMetadata{RecordType: "data", Operation: "insert", Schema: "shop", Table: "orders",
		Timestamp: time.Date(2019, 3, 18, 17, 0, 0, 123456000, time.UTC), TransactionID: "12884904641"})
	assert.Equal(t, c.Op, envelope.DMSInsert)
	for text, want := range map[string]string{`"00001"`: "00001", `5`: "5", `null`: "", `"a\u0062"`: "ab"} {
		c, err := read(`{"data":{},"metadata":{"record-type":"data","transaction-record-id":` + text + `}}`)
		assert.NoError(t, err)
		assert.Equal(t, c.Metadata.TransactionRecordID, want)
	}
	for _, bad := range []string{`{}`, `{"data":{}}`, `{"metadata":null}`, `{"metadata":{"record-type":"data","operation":"insert"}}`,
		`{"metadata":{"record-type":"data","operation":"delete"}}`, `{"data":{"id":"x"},"metadata":{"record-type":"data"}}`, `{"data":{},"metadata":{"timestamp":"x"}}`, `[]`} {
		if _, err := read(bad); err == nil {
			t.Errorf("no error: %s", bad)
		}
	}
}

func FuzzDMS(f *testing.F) {
	f.Add(dmsBody("insert", ""))
	f.Add(dmsControl)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := viaRunner(t, envelope.DMS, body)
		var w, m map[string]json.RawMessage
		var kind *string
		if json.Unmarshal([]byte(body), &w) == nil && json.Unmarshal(w["metadata"], &m) == nil {
			_ = json.Unmarshal(m["record-type"], &kind)
		}
		data, control := kind != nil && *kind == "data", kind != nil && *kind == "control"
		if (err == nil) != (data || control) || (len(got) == 1) != data {
			t.Fatalf("%q became %q, %v", body, got, err)
		}
		if data && got[0] != body {
			t.Fatalf("%q became %q", body, got)
		}
	})
}
