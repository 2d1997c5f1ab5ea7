package streaming

import "errors"

var (
	// ErrFatal matches an error of Source.Poll after which polling again makes no sense, such as a
	// wrong password. Run ends with it.
	ErrFatal = errors.New("streaming: the source cannot go on")

	// ErrDraining is the cause of a handler's context that ended because the worker is shutting
	// down and three quarters of the time of Drain are over.
	ErrDraining = errors.New("streaming: the worker is shutting down")

	// ErrRevoked is the cause of a handler's context that ended because its lanes went to another
	// worker before the handler was back.
	ErrRevoked = errors.New("streaming: the lane went to another worker")

	// ErrLeftBehind matches the error of Run if handlers were not back at the end of Drain. Their
	// records are not acknowledged, and their goroutines still run.
	ErrLeftBehind = errors.New("streaming: handlers ignore their contexts and were left behind")

	// ErrNotDone matches the error of Run if a source that ends has ended, and records of it could
	// not be processed.
	ErrNotDone = errors.New("streaming: the source has ended, but not all of its records are done")

	// ErrNotSettled matches the error of Run if records that are done could not be acknowledged.
	// They will be delivered again.
	ErrNotSettled = errors.New("streaming: the source took no acknowledgement for records that are done")
)
