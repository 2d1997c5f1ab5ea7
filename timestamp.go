package weir

import (
	"errors"
	"strconv"
	"time"

	"github.com/weir-go/weir/internal/jsonscan"
)

// millis reads a time written as a string of milliseconds.
func (e *envelope) millis(field string) time.Time {
	text := e.view(field)
	if text == "" {
		return time.Time{}
	}
	u, end := jsonscan.Whole(text, 0)
	n, err := int64(u), error(nil)
	if end != len(text) || u > maxUnix*1000 { // or such as 007, which JSON does not know
		n, err = strconv.ParseInt(text, 10, 64)
	}
	if err != nil || n < 0 || n > maxUnix*1000 {
		e.damage("%q is not a time in milliseconds", clip(text))
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

const maxUnix = 253402300799 // the end of year 9999

// seconds reads a time written as a number of seconds, with a fraction.
func (e *envelope) seconds(field string) time.Time {
	e.field = field
	if t, end := plainSeconds(e.text, e.Offset()); end >= 0 {
		e.Jump(end)
		return t
	}
	switch k := e.Kind(); k {
	case '0':
	case 'n':
		e.Null()
		return time.Time{}
	default:
		e.Skip()
		e.damage("%s, not a number", kindName(k))
		return time.Time{}
	}
	text := e.Number()
	t, err := parseSeconds(text)
	if err != nil {
		e.damage("%s is not a time in seconds", clip(text))
	}
	return t
}

var errTime = errors.New("not a time")

// plainSeconds reads a number without a sign and an exponent that a comma or a brace follows. It keeps
// the digits that a float64 would lose. It returns -1 for the end of another.
func plainSeconds(text string, i int) (t time.Time, end int) {
	sec, i := jsonscan.Whole(text, i)
	if i < 0 || sec > maxUnix || i == len(text) {
		return time.Time{}, -1
	}
	ns := int64(0)
	if text[i] == '.' {
		start := i + 1
		n, end := jsonscan.Nanos(text, start)
		if ns, i = int64(n), end; end < 0 {
			ns, i = 0, start
			for scale := int64(1e9); i < len(text) && text[i]-'0' <= 9; i++ {
				scale /= 10
				ns += int64(text[i]-'0') * scale
			}
		}
		if i == start {
			return time.Time{}, -1
		}
	}
	if i == len(text) || text[i] != ',' && text[i] != '}' {
		return time.Time{}, -1
	}
	return time.Unix(int64(sec), ns).UTC(), i
}

// parseSeconds reads any number.
func parseSeconds(text string) (time.Time, error) {
	if t, end := plainSeconds(text+",", 0); end == len(text) {
		return t, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= maxUnix) {
		return time.Time{}, errTime
	}
	return time.UnixMicro(int64(f*1e6 + 0.5)).UTC(), nil
}
