package weirtest

import (
	"fmt"
	"slices"
	"strings"
)

// T is the part of testing.TB that assertions need.
type T interface {
	Helper()
	Errorf(format string, args ...any)
}

// Want fails the test unless the records ended in these states, one for each record, in
// record order, and the response tells Lambda the same.
func (r *Result) Want(t T, states ...State) {
	t.Helper()
	if len(states) != len(r.Records) {
		t.Errorf("the batch has %d records, but %d states are wanted%s", len(r.Records), len(states), r.table(nil))
		return
	}
	r.compare(t, func(i int) string {
		if r.Records[i].State == states[i] {
			return ""
		}
		return string(states[i])
	})
}

// WantDone fails the test unless every record succeeded or was dropped, and the response
// tells Lambda so.
func (r *Result) WantDone(t T) {
	t.Helper()
	r.compare(t, func(i int) string {
		if r.Records[i].undone() {
			return "done"
		}
		return ""
	})
}

// compare fails the test if wanted says for some record what it should have been.
func (r *Result) compare(t T, wanted func(i int) string) {
	t.Helper()
	wrong := map[int]string{}
	for i := range r.Records {
		if want := wanted(i); want != "" {
			wrong[i] = want
		}
	}
	switch {
	case len(wrong) > 0:
		t.Errorf("%d of %d records did not end as wanted%s", len(wrong), len(r.Records), r.table(wrong))
	case r.Err != nil && !slices.ContainsFunc(r.Records, Outcome.undone):
		t.Errorf("no record failed, but the invocation did%s", r.table(nil))
	case !r.honest():
		t.Errorf("the response does not tell Lambda what became of the records%s", r.table(nil))
	}
}

// honest reports whether Lambda retries every record that is not done, and, unless the whole
// invocation failed, no other.
func (r *Result) honest() bool {
	undone := map[string]bool{}
	for _, o := range r.Records {
		undone[o.ID] = undone[o.ID] || o.undone()
	}
	for id, retry := range undone {
		if listed := slices.Contains(r.retried, id); retry && !listed && !r.covered[id] || listed && !retry && r.Err == nil {
			return false
		}
	}
	return true
}

// table shows the records, with a mark at those that are wrong.
func (r *Result) table(wrong map[int]string) string {
	var b strings.Builder
	for i, o := range r.Records {
		mark := " "
		want, bad := wrong[i]
		if bad {
			mark = "!"
			want = ", want " + want
		}
		fmt.Fprintf(&b, "\n%s %3d  %s  %s%s", mark, i, o.ID, o.State, want)
		if o.Err != nil {
			text, _, _ := strings.Cut(o.Err.Error(), "\n")
			fmt.Fprintf(&b, ": %s", text)
		}
	}
	if r.Err != nil {
		text, _, _ := strings.Cut(r.Err.Error(), "\n")
		fmt.Fprintf(&b, "\n  error: %s", text)
	} else {
		fmt.Fprintf(&b, "\n  response: %s", r.Response)
	}
	return b.String()
}
