package attr

import (
	"fmt"
	"strconv"
	"strings"
)

// failure says why a value was not decoded, and where it stands.
type failure struct {
	steps []step // innermost first
	msg   string
}

// step is one step into a list, or into a map when index is negative.
type step struct {
	name  string
	index int
}

func failf(format string, args ...any) *failure {
	return &failure{msg: fmt.Sprintf(format, args...)}
}

// misfit skips a value that is not of the wanted JSON kind.
func misfit(s *Reader, want string) *failure {
	got := "nothing"
	switch s.Kind() {
	case '{':
		got = "an object"
	case '[':
		got = "an array"
	case '"':
		got = "a string"
	case '0':
		got = "a number"
	case 't', 'f':
		got = "a boolean"
	case 'n':
		got = "null"
	}
	s.Skip()
	return failf("want %s, got %s", want, got)
}

// in notes that the failure is in the attribute called name.
func (f *failure) in(name string) *failure {
	f.steps = append(f.steps, step{name: name, index: -1})
	return f
}

// at notes that the failure is in element i.
func (f *failure) at(i int) *failure {
	f.steps = append(f.steps, step{index: i})
	return f
}

// Error puts the path first, in the way of a Go selector.
func (f *failure) Error() string {
	if len(f.steps) == 0 {
		return f.msg
	}
	var b strings.Builder
	for i := len(f.steps) - 1; i >= 0; i-- {
		st := f.steps[i]
		if st.index >= 0 {
			b.WriteString("[" + strconv.Itoa(st.index) + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		if st.name == "" || strings.ContainsFunc(st.name, needsQuotes) {
			b.WriteString(clip(st.name))
		} else {
			b.WriteString(st.name)
		}
	}
	return b.String() + ": " + f.msg
}

func needsQuotes(r rune) bool {
	return strings.ContainsRune(`.[]: "`, r) || !strconv.IsPrint(r)
}

// clip quotes text for an error, which must stay readable when the text is not.
func clip(text string) string {
	const most = 60
	if len(text) > most {
		return strconv.Quote(text[:most]) + "..."
	}
	return strconv.Quote(text)
}
