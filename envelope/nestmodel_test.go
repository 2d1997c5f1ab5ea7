package envelope_test

import (
	"slices"
	"strings"
)

// fate is what became of records: done, dropped, failed or skipped.
type fate map[string]string

// rule is what a failure means to what stands behind it.
func (n *nest) barred(failed []*node, o *node) bool {
	switch n.source {
	case "fifo", "stop":
		return len(failed) > 0
	case "group", "kafka", "runner":
		return slices.ContainsFunc(failed, func(f *node) bool { return f.key == o.key && o.key != "" })
	}
	return false
}

// leaves are what the verb works on, in order.
func (n *nest) leaves(list []*node) (all []*node) {
	for _, o := range list {
		if o.does == "list" {
			all = append(all, n.leaves(o.kids)...)
		} else {
			all = append(all, o)
		}
	}
	return all
}

// outcome is what a leaf's deed makes of it.
func (n *nest) outcome(o *node) string {
	switch strings.TrimPrefix(o.does, "open ") {
	case "done":
		return "succeeded"
	case "drop":
		return "dropped"
	case "undecodable":
		if n.drop {
			return "dropped"
		}
	case "error":
		if n.giveUp {
			return "dropped"
		}
	}
	return "failed"
}

func (o *node) aborts() bool { return strings.HasSuffix(o.does, "abort") }

// model says what becomes of every record, for one worker.
func (n *nest) model() fate {
	f := fate{}
	var failed []*node
	aborted := false
	settle := func(o *node) {
		if n.barred(failed, o) {
			return
		}
		if f[o.name] = n.outcome(o); f[o.name] == "failed" {
			failed = append(failed, o)
			aborted = aborted || o.aborts()
		}
	}
	all := n.leaves(n.outer)
	if n.batch { // those that are damaged first, and then those that may run at once
		for _, o := range all {
			if strings.HasPrefix(o.does, "open ") {
				settle(o)
			}
		}
		var run []*node
		for _, o := range all {
			if f[o.name] == "" && !n.barredAt(all, failed, o) && !strings.HasPrefix(o.does, "open ") {
				run = append(run, o)
			}
		}
		if !aborted {
			for _, o := range run {
				if !n.barredAt(all, failed, o) {
					settle2(n, f, &failed, o)
				}
			}
		}
	} else {
		for _, o := range all {
			if aborted {
				break
			}
			settle(o)
		}
	}
	for _, o := range all {
		if f[o.name] == "" {
			f[o.name] = "skipped"
		}
	}
	for level := n.levels; level >= 1; level-- {
		n.fold(f, level)
	}
	return f
}

// barredAt is barred where failures may stand behind o too.
func (n *nest) barredAt(all, failed []*node, o *node) bool {
	var before []*node
	for _, f := range failed {
		if slices.Index(all, f) < slices.Index(all, o) {
			before = append(before, f)
		}
	}
	return n.barred(before, o)
}

func settle2(n *nest, f fate, failed *[]*node, o *node) {
	if f[o.name] = n.outcome(o); f[o.name] == "failed" {
		*failed = append(*failed, o)
	}
}

// at are the records of a level: those that one of the Unwraps opens.
func (n *nest) at(level int) []*node {
	list := n.outer
	for range level - 1 {
		var next []*node
		for _, o := range list {
			if o.does == "list" {
				next = append(next, o.kids...)
			} else {
				next = append(next, o)
			}
		}
		list = next
	}
	return list
}

// fold decides the lists of a level by what is in them.
func (n *nest) fold(f fate, level int) {
	var failed []*node
	for _, o := range n.at(level) {
		if o.does == "list" && f[o.name] == "" {
			has := map[string]bool{}
			for _, k := range o.kids {
				has[f[k.name]] = true
			}
			switch {
			case has["failed"]:
				f[o.name] = "failed"
			case has["skipped"], len(o.kids) == 0 && n.barred(failed, o):
				f[o.name] = "skipped"
			case has["dropped"]:
				f[o.name] = "dropped"
			default:
				f[o.name] = "succeeded"
			}
		}
		if f[o.name] == "failed" {
			failed = append(failed, o)
		}
	}
}

// exact reports whether there is only one thing that can happen.
func (n *nest) exact() bool {
	if n.slow {
		return false
	}
	if n.workers == 1 {
		return true
	}
	return n.source != "fifo" && n.source != "stop" && !slices.ContainsFunc(n.leaves(n.outer), (*node).aborts)
}
