package jsonplan

import (
	"strconv"

	"github.com/weir-go/weir/internal/jsonscan"
	"github.com/weir-go/weir/internal/memory"
)

// number finds the end of the number at i.
func number(text []byte, i int) int {
	if i < len(text) && text[i] == '-' {
		i++
	}
	if i < len(text) && text[i] == '0' {
		i++
	} else if i = digits(text, i); i < 0 {
		return doubt
	}
	if i < len(text) && text[i] == '.' {
		if i = digits(text, i+1); i < 0 {
			return doubt
		}
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		i++
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		return digits(text, i)
	}
	return i
}

// digits reads at least one digit.
func digits(text []byte, i int) int {
	start := i
	for i < len(text) && text[i]-'0' <= 9 {
		i++
	}
	if i == start {
		return doubt
	}
	return i
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
	f, i := float(d.text, i, int(n.bits))
	switch {
	case i < 0:
	case n.bits == 64:
		memory.Set(p, f)
	default:
		memory.Set(p, float32(f))
	}
	return i
}

func float(text []byte, i, bits int) (f float64, next int) {
	if bits == 64 { // for 32, rounding to 64 first would be wrong
		if f, end := jsonscan.Short(memory.String(text), i); end >= 0 {
			return f, end
		}
	}
	end := number(text, i)
	if end < 0 {
		return 0, doubt
	}
	f, err := strconv.ParseFloat(string(text[i:end]), bits)
	if err != nil {
		return 0, doubt
	}
	return f, end
}
