package envelopetest

import "testing"

// differences are events that weir is meant to read otherwise than encoding/json with the
// structs of aws-lambda-go. refused: weir fails the invocation where the structs see an empty
// or other batch. damaged: weir fails one record where the structs fail the event or see a
// zero value. taken: weir reads a record of which the structs fail the whole event.
var differences = []struct {
	why   string
	s     *source
	event string
	aws   bool // whether encoding/json accepts the event
	weir  string
}{
	{"an event of another source", sqs, `{"Records":[{"body":"a","eventSource":"aws:sns"}]}`, true, "refused"},
	{"null for an event", sqs, `null`, true, "refused"},
	{"no Records", sqs, `{}`, true, "refused"},
	{"null for Records", kin, `{"Records":null}`, true, "refused"},
	{"Records twice", ddb, `{"Records":[],"records":[]}`, true, "refused"},
	{"null for a record", kin, `{"Records":[null]}`, true, "refused"},

	{"no body", sqs, `{"Records":[{"messageId":"1"}]}`, true, "damaged"},
	{"null for the body", sqs, `{"Records":[{"body":null}]}`, true, "damaged"},
	{"a body that is no string", sqs, `{"Records":[{"body":{}}]}`, false, "damaged"},
	{"a receive count that is no number", sqs, `{"Records":[{"body":"","attributes":{"ApproximateReceiveCount":"x"}}]}`, true, "damaged"},
	{"a time that is no number", sqs, `{"Records":[{"body":"","attributes":{"SentTimestamp":"x"}}]}`, true, "damaged"},
	{"no data", kin, `{"Records":[{"kinesis":{}}]}`, true, "damaged"},
	{"data that is not base64", kin, `{"Records":[{"kinesis":{"data":"?"}}]}`, false, "damaged"},
	{"data as a list of bytes", kin, `{"Records":[{"kinesis":{"data":[1,2]}}]}`, true, "damaged"},
	{"a time before 1970", kin, `{"Records":[{"kinesis":{"data":"","approximateArrivalTimestamp":-1}}]}`, true, "damaged"},
	{"a time behind year 9999", kin, `{"Records":[{"kinesis":{"data":"","approximateArrivalTimestamp":1e15}}]}`, true, "damaged"},
	{"no dynamodb", ddb, `{"Records":[{"eventName":"INSERT"}]}`, true, "damaged"},
	{"keys that are no object", ddb, `{"Records":[{"dynamodb":{"Keys":1}}]}`, false, "damaged"},

	{"null for a time, which the structs take for 1970", kin, `{"Records":[{"kinesis":{"data":"","approximateArrivalTimestamp":null}}]}`, true, "taken"},
	{"a wrong type where weir does not look", sqs, `{"Records":[{"body":"","receiptHandle":1}]}`, false, "taken"},
	{"an attribute that is no string", sqs, `{"Records":[{"body":"","attributes":{"SenderId":1}}]}`, false, "taken"},
	{"attributes that are no object", sqs, `{"Records":[{"body":"","attributes":[]}]}`, false, "damaged"},
	{"a fraction of a second before 1970", kin, `{"Records":[{"kinesis":{"data":"","approximateArrivalTimestamp":-0.5}}]}`, true, "damaged"},
	{"an attribute value of no known type, left to the handler's type", ddb, `{"Records":[{"dynamodb":{"NewImage":{"a":{"Z":1}}}}]}`, false, "taken"},
}

func TestDifferencesByDesign(t *testing.T) {
	t.Parallel()
	for _, d := range differences {
		got, err := d.s.read(t, []byte(d.event))
		is := "refused"
		if err == nil && len(got) == 1 {
			if is = "taken"; got[0].damage != nil {
				is = "damaged"
			}
		}
		if is != d.weir {
			t.Errorf("%s: weir: %s, want %s (%v)", d.why, is, d.weir, err)
		}
		if err := d.s.structs([]byte(d.event)); (err == nil) != d.aws {
			t.Errorf("%s: encoding/json: %v", d.why, err)
		}
	}
}
