package streaming

import "errors"

// ErrFatal matches an error of Source.Poll after which polling again makes no sense, such as a wrong
// password. Run ends with it.
var ErrFatal = errors.New("streaming: the source cannot go on")
