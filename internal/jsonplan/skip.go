package jsonplan

import (
	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// skip reads any value and checks its syntax.
func (d *decoder) skip(i int) int {
	s := d.scanner(i)
	s.Skip()
	return d.behind(s, i)
}

// scanner returns one for the value at i.
func (d *decoder) scanner(i int) *jsonscan.Scanner {
	d.scan.ResetWithin(memory.String(d.text[i:]), d.depth)
	return &d.scan
}

// behind returns the offset behind what the scanner for i has read.
func (d *decoder) behind(s *jsonscan.Scanner, i int) int {
	if s.Err() != nil {
		return doubt
	}
	return i + s.Offset()
}

// colon reads the colon behind a key.
func (d *decoder) colon(i int) int {
	if i = d.space(i); i < len(d.text) && d.text[i] == ':' {
		return i + 1
	}
	return doubt
}
