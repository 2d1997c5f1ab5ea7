package dynamostore_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/weir-go/weir/ext/dynamostore"
	"github.com/weir-go/weir/state"
)

// canned answers all requests alike.
type canned struct {
	status int
	body   string
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: c.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader(c.body)), ContentLength: int64(len(c.body)),
	}, nil
}

// TestAnswers are judged by what they say, and where they say nothing that is known, nothing is
// made of it.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const (
		none     = `{"Code":"None"}`
		failed   = `{"Code":"ConditionalCheckFailed"}`
		number   = `{"Code":"ConditionalCheckFailed","Item":{"n":{"N":"1"}}}`
		data     = `{"Code":"ConditionalCheckFailed","Item":{"d":{"B":"eA=="}}}`
		conflict = `{"Code":"TransactionConflict","Message":"busy"}`
		throttle = `{"Code":"ThrottlingError"}`
		wrong    = `{"Code":"ValidationError","Message":"too large"}`
		wordless = `{"Code":"ValidationError"}`
	)
	reasons := func(r ...string) string {
		return fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"","CancellationReasons":[%s]}`, strings.Join(r, ","))
	}
	other := func(code string) string { return fmt.Sprintf(`{"__type":"x#%s","message":"why"}`, code) }
	for name, c := range map[string]struct {
		status int
		body   string
		want   error // nil for a plain error
	}{
		"version":                   {400, reasons(none, failed, none), state.ErrConflict},
		"version and throttled":     {400, reasons(throttle, failed, none), state.ErrConflict},
		"version and overflow":      {400, reasons(number, failed, none), state.ErrConflict},
		"overflow":                  {400, reasons(number, none, conflict), state.ErrOverflow},
		"no number":                 {400, reasons(data, none, none), state.ErrNotNumber},
		"no item":                   {400, reasons(failed, none, none), nil},
		"conflict":                  {400, reasons(none, none, conflict), state.ErrConflict},
		"conflict and throttled":    {400, reasons(none, throttle, conflict), nil},
		"throttled":                 {400, reasons(none, throttle, none), nil},
		"wrong item":                {400, reasons(none, none, wrong), state.ErrRefused},
		"wrong item, without words": {400, reasons(none, wordless, conflict), state.ErrRefused},
		"no reasons":                {400, reasons(), nil},
		"too many reasons":          {400, reasons(none, none, none, failed), nil},
		"reason without a code":     {400, reasons(none, `{}`, none), nil},
		"unknown reason":            {400, reasons(none, `{"Code":"Tuesday"}`, none), nil},
		"access denied":             {400, other("AccessDeniedException"), state.ErrRefused},
		"token mismatch":            {400, other("IdempotentParameterMismatchException"), nil},
		"expired credentials":       {400, other("ExpiredTokenException"), nil},
		"unknown error":             {400, other("Tuesday"), nil},
		"no error":                  {418, `teapot`, nil},
		"proxy":                     {403, `<html>`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := dynamostore.New(newClient("http://dynamodb.invalid", &http.Client{Transport: canned{c.status, c.body}}), "weir")
				err := s.Commit(t.Context(), "p", []state.Write{add, {Key: key("k"), Version: 7}, {Key: key("l"), Version: 8}})
				if err == nil {
					t.Fatal("no error")
				}
				for _, final := range []error{state.ErrConflict, state.ErrOverflow, state.ErrNotNumber, state.ErrRefused} {
					if errors.Is(err, final) != (final == c.want) {
						t.Errorf("%v: matches %v: %v, want %v", err, final, errors.Is(err, final), c.want)
					}
				}
			})
		})
	}
}
