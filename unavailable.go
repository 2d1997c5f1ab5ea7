package weir

// Unavailable says that a record failed for a reason that is not its own: something that all
// records need, such as a database, does not answer. Behind Lambda that is a plain retry. A
// long-running worker waits and tries the same records again, where it would count an
// attempt of the record otherwise, and in the end give it up.
func Unavailable(err error) error { return &UnavailableError{Err: err} }

// UnavailableError is what Unavailable returns.
type UnavailableError struct{ Err error }

func (e *UnavailableError) Error() string { return "unavailable: " + text(e.Err) }

// Unwrap returns the reason.
func (e *UnavailableError) Unwrap() error { return e.Err }
