package jsonscan

import "strconv"

// maxDigits is how many digits always fit a uint64.
const maxDigits = 19

// Whole reads the integer without a sign at i. It returns -1 for its end if there is none that
// JSON knows and a uint64 holds. What follows is for the caller to look at.
func Whole(text string, i int) (u uint64, end int) {
	start := i
	if i+8 <= len(text) {
		if x := load(text, i); digits8(x) {
			u = value8(x)
			i += 8
		}
	}
	u, i = digits(text, i, u)
	switch {
	case i == start, text[start] == '0' && i > start+1:
		return 0, -1
	case i > start+maxDigits:
		var err error
		if u, err = strconv.ParseUint(text[start:i], 10, 64); err != nil {
			return 0, -1
		}
	}
	return u, i
}

// digits reads digits behind those that u stands for.
func digits(text string, i int, u uint64) (uint64, int) {
	for uint(i) < uint(len(text)) {
		c := text[i] - '0'
		if c > 9 {
			break
		}
		u = u*10 + uint64(c)
		i++
	}
	return u, i
}

// digits8 reports whether the eight bytes are digits.
func digits8(x uint64) bool {
	const high, sixes, threes = 0xf0f0f0f0f0f0f0f0, 0x0606060606060606, 0x3333333333333333
	return x&high|((x+sixes)&high)>>4 == threes
}

// value8 returns the number that eight digits stand for: of pairs, then of fours, then of all.
func value8(x uint64) uint64 {
	x -= '0' * ones
	x = (x*10 + x>>8) & 0x00ff00ff00ff00ff
	x = (x*100 + x>>16) & 0x0000ffff0000ffff
	return (x*10000 + x>>32) & 0xffffffff
}

// tens are exact, and so is an integer of up to 15 digits: one division rounds once.
var tens = [16]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// Short reads the number of up to 15 digits and without an exponent at i, as strconv.ParseFloat
// does. It returns -1 for the end of another.
func Short(text string, i int) (f float64, end int) {
	negative := i < len(text) && text[i] == '-'
	if negative {
		i++
	}
	start, point := i, 0
	u, i := digits(text, i, 0)
	if i > start && i < len(text) && text[i] == '.' {
		point = i
		u, i = digits(text, i+1, u)
	}
	switch {
	case i == start, i-start > 15, i < len(text) && text[i]|0x20 == 'e',
		text[start] == '0' && i > start+1 && point != start+1, // a zero too many
		point != 0 && i == point+1:                            // no digit behind it
		return 0, -1
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
