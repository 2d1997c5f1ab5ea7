package monoid

import "time"

// storable says that appendTime can write a time: RFC 3339 has years of four digits.
func storable(t time.Time) bool {
	s := t.Unix()
	return year0 <= s && s < year10000
}

const (
	year0     = -62167219200
	year10000 = 253402300800
)

// appendTime writes a time in UTC.
func appendTime(dst []byte, t time.Time) []byte { return t.AppendFormat(dst, time.RFC3339Nano) }

// parseTime reads exactly what appendTime wrote.
func parseTime(src []byte) (t time.Time, ok bool) {
	if len(src) > len(time.RFC3339Nano) {
		return t, false
	}
	t, err := time.Parse(time.RFC3339Nano, string(src))
	t = t.UTC()
	var again [len(time.RFC3339Nano)]byte
	return t, err == nil && string(appendTime(again[:0], t)) == string(src)
}
