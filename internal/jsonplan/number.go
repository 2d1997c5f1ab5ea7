package jsonplan

import (
	"strconv"

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

// maxDigits is how many digits always fit a uint64.
const maxDigits = 19

// whole reads an integer without a sign. What follows it is for the caller's caller
// to refuse, as anything but the end of a value.
func whole(text []byte, i int) (u uint64, end int) {
	start := i
	for i < len(text) && text[i]-'0' <= 9 {
		u = u*10 + uint64(text[i]-'0')
		i++
	}
	switch {
	case i == start, text[start] == '0' && i > start+1:
		return 0, doubt
	case i > start+maxDigits:
		var err error
		if u, err = strconv.ParseUint(string(text[start:i]), 10, 64); err != nil {
			return 0, doubt
		}
	}
	return u, i
}

func (n *node) integer(d *decoder, i int, p memory.Pointer) int {
	limit := uint64(1) << (n.bits - 1)
	negative := d.text[i] == '-'
	if negative {
		i++
	}
	u, i := whole(d.text, i)
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
	u, i := whole(d.text, i)
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
		if f, end := short(text, i); end >= 0 {
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

// tens are exact, and so is an integer of up to 15 digits: one division rounds once.
var tens = [16]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// short reads a number of up to 15 digits without an exponent.
func short(text []byte, i int) (f float64, end int) {
	negative := text[i] == '-'
	if negative {
		i++
	}
	start, point := i, 0
	var u uint64
	for ; i < len(text); i++ {
		c := text[i]
		if c-'0' <= 9 {
			u = u*10 + uint64(c-'0')
			continue
		}
		if c != '.' || point != 0 || i == start {
			break
		}
		point = i
	}
	switch {
	case i == start, i-start > 15, i < len(text) && text[i]|0x20 == 'e',
		text[start] == '0' && i > start+1 && point != start+1, // a zero too many
		point != 0 && i == point+1:                            // no digit behind it
		return 0, doubt
	}
	f = float64(u)
	if point != 0 {
		f /= tens[i-point-1]
	}
	if negative {
		f = -f
	}
	return f, i
}
