package dynamodb

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// apiError is an answer other than success, as the protocol has it.
type apiError struct {
	status  int
	code    string
	message string
	item    item     // of a ConditionalCheckFailedException, if it was asked for
	reasons []reason // of a TransactionCanceledException
}

// reason says what became of one entry of a cancelled transaction.
type reason struct {
	Code    string
	Message string `json:",omitempty"`
	Item    item   `json:",omitempty"`
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func refuse(code, format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, code: code, message: fmt.Sprintf(format, args...)}
}

// invalid is what DynamoDB says of most mistakes.
func invalid(format string, args ...any) *apiError {
	return refuse("ValidationException", format, args...)
}

func notFound(table string) *apiError {
	return refuse("ResourceNotFoundException", "Requested resource not found: Table: %s not found", table)
}

func conditionFailed(old item) *apiError {
	e := refuse("ConditionalCheckFailedException", "The conditional request failed")
	e.item = old
	return e
}

func internalError() *apiError {
	return &apiError{status: http.StatusInternalServerError, code: "InternalServerError", message: "Internal server error"}
}

// cancelled makes the answer to a transaction of which no entry was applied.
func cancelled(reasons []reason) *apiError {
	codes := make([]string, len(reasons))
	for i, r := range reasons {
		codes[i] = r.Code
	}
	e := refuse("TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
	e.reasons = reasons
	return e
}

// none makes reasons that blame no entry.
func none(n int) []reason {
	reasons := make([]reason, n)
	for i := range reasons {
		reasons[i].Code = "None"
	}
	return reasons
}

// cancellation is what an entry's error is called among the reasons of its transaction.
func cancellation(e *apiError) reason {
	if e.code == "ConditionalCheckFailedException" {
		return reason{"ConditionalCheckFailed", e.message, e.item}
	}
	return reason{"ValidationError", e.message, nil}
}

// message is the text of an error of ours.
func message(err error) string {
	_, text, _ := strings.Cut(err.Error(), ": ")
	return text
}

// MarshalJSON writes the error as clients look for it.
func (e *apiError) MarshalJSON() ([]byte, error) {
	var body struct {
		Type    string   `json:"__type"`
		Message string   `json:"message"`
		Item    item     `json:",omitempty"`
		Reasons []reason `json:"CancellationReasons,omitempty"`
	}
	space := "com.amazonaws.dynamodb.v20120810"
	switch e.code {
	case "ValidationException":
		space = "com.amazon.coral.validate"
	case "UnknownOperationException", "SerializationException", "ThrottlingException":
		space = "com.amazon.coral.service"
	}
	body.Type = space + "#" + e.code
	body.Message, body.Item, body.Reasons = e.message, e.item, e.reasons
	return json.Marshal(body)
}
