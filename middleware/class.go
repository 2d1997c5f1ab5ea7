package middleware

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/errtree"
)

// throttles are the codes by which AWS services say that they are asked too often. Source: the AWS SDK
// for Go v2, retry.DefaultThrottleErrorCodes, and per-entry codes of SQS and DynamoDB.
var throttles = map[string]bool{
	"BandwidthLimitExceeded":                 true,
	"EC2ThrottledException":                  true,
	"KMSThrottlingException":                 true,
	"LimitExceededException":                 true,
	"PriorRequestNotComplete":                true,
	"ProvisionedThroughputExceededException": true,
	"RequestLimitExceeded":                   true,
	"RequestThrottled":                       true,
	"RequestThrottledException":              true,
	"SlowDown":                               true,
	"ThrottledException":                     true,
	"Throttling":                             true,
	"ThrottlingError":                        true,
	"ThrottlingException":                    true,
	"TooManyRequestsException":               true,
	"TransactionInProgressException":         true,
}

// Throttled reports whether an error says that its sender is asked too often: an error of the AWS SDK
// with such a code, or one with the HTTP status 429 or 503. It goes by the methods ErrorCode,
// HTTPStatusCode and StatusCode, anywhere in the error's chain or among those joined.
func Throttled(err error) bool {
	return anywhere(err, func(err error) bool {
		if e, ok := err.(interface{ ErrorCode() string }); ok && throttles[e.ErrorCode()] {
			return true
		}
		s := status(err)
		return s == 429 || s == 503
	})
}

func status(err error) int {
	switch e := err.(type) {
	case interface{ HTTPStatusCode() int }:
		return e.HTTPStatusCode()
	case interface{ StatusCode() int }:
		return e.StatusCode()
	}
	return 0
}

// FailureClass is how Breaker tells failures apart by default.
//
//   - "" for an error that says nothing about what the handler depends on: Drop, Permanent,
//     Undecodable, Abort, a panic that Retry has caught, ErrOpen of a breaker inside, and whatever has a method
//     Blameless() bool that says so.
//   - "unavailable" for networks that fail, timeouts, throttling (see Throttled), HTTP statuses of 500
//     and more, and weir.Unavailable, for a service that is unwell fails now in one of these ways, now
//     in another.
//   - For any other error its innermost type, such as "*errors.errorString".
func FailureClass(err error) string {
	switch {
	case err == nil, notRun(err), errtree.Most(err, countable, silent) < countable:
		return ""
	case anywhere(err, unwell):
		return classUnavailable
	}
	return fmt.Sprintf("%T", innermost(err))
}

const classUnavailable = "unavailable"

const countable = 1

func silent(err error) (rank int, known bool) {
	switch e := err.(type) {
	case interface{ Blameless() bool }: // as of package once: the record is at work elsewhere
		return 0, e.Blameless()
	case *weir.DropError, *weir.PermanentError, *weir.UndecodableError, *weir.AbortError, *weir.PanicError:
		return 0, true
	case *weir.UnavailableError, *weir.RetryAfterError:
		return countable, true
	}
	return 0, false
}

func unwell(err error) bool {
	switch err {
	case context.DeadlineExceeded, io.ErrUnexpectedEOF, weir.ErrRecordTimeout:
		return true
	}
	switch e := err.(type) {
	case *weir.UnavailableError:
		return true
	case interface { // net.Error, whose package need not be linked
		Timeout() bool
		Temporary() bool
	}:
		return true
	case interface{ Timeout() bool }:
		return e.Timeout()
	}
	return status(err) >= 500 || Throttled(err)
}

// anywhere reports whether f holds for err or one inside.
func anywhere(err error, f func(error) bool) bool {
	for err != nil {
		if f(err) {
			return true
		}
		switch e := err.(type) {
		case *fs.PathError, *os.LinkError:
			return false // what is in it is the file system's, and looks like a net.Error
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, part := range e.Unwrap() {
				if anywhere(part, f) {
					return true
				}
			}
			return false
		default:
			return false
		}
	}
	return false
}

// innermost is the end of an error's chain, or of the first of those joined.
func innermost(err error) error {
	for {
		var next error
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			next = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, part := range e.Unwrap() {
				if next = part; next != nil {
					break
				}
			}
		}
		if next == nil {
			return err
		}
		err = next
	}
}
