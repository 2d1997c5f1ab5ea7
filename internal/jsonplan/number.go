package jsonplan

import (
	"strconv"

	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// number finds the end of the number at i.
func (d *decoder) number(i int) int {
	if i >= len(d.text) || d.text[i] <= ' ' {
		return doubt
	}
	s := d.scanner(i)
	s.Number()
	return d.behind(s, i)
}

func (n *node) integer(d *decoder, i int, p memory.Pointer) int {
	limit := uint64(1) << (n.bits - 1)
	negative := d.text[i] == '-'
	if negative {
		i++
	}
	u, i := jsonscan.Whole(memory.String(d.text), i)
	switch {
	case i < 0:
		return doubt
	case negative && u <= limit:
		n.setInt(p, -int64(u))
	case u < limit:
		n.setInt(p, int64(u))
	default:
		return doubt
	}
	return i
}

// setInt writes the low bits of x, as many as the type has.
//
//go:noinline
func (n *node) setInt(p memory.Pointer, x int64) {
	switch n.bits {
	case 64:
		memory.Set(p, x)
	case 32:
		memory.Set(p, int32(x))
	case 16:
		memory.Set(p, int16(x))
	default:
		memory.Set(p, int8(x))
	}
}

func (n *node) unsigned(d *decoder, i int, p memory.Pointer) int {
	u, i := jsonscan.Whole(memory.String(d.text), i)
	if i < 0 || n.bits < 64 && u>>n.bits != 0 {
		return doubt
	}
	n.setInt(p, int64(u)) // the same bits
	return i
}

func (n *node) float(d *decoder, i int, p memory.Pointer) int {
	f, i := d.float(i, int(n.bits))
	switch {
	case i < 0:
	case n.bits == 64:
		memory.Set(p, f)
	default:
		memory.Set(p, float32(f))
	}
	return i
}

func (d *decoder) float(i, bits int) (f float64, next int) {
	if bits == 64 { // for 32, rounding to 64 first would be wrong
		if f, end := jsonscan.ShortWithin(memory.String(d.text), i); end >= 0 {
			return f, end
		}
	}
	end := d.number(i)
	if end < 0 {
		return 0, doubt
	}
	f, err := strconv.ParseFloat(string(d.text[i:end]), bits)
	if err != nil {
		return 0, doubt
	}
	return f, end
}
