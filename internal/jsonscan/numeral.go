package jsonscan

import (
	"math/bits"
	"strconv"
)

// maxDigits is how many digits always fit a uint64.
const maxDigits = 19

// Whole reads the integer without a sign at i. It returns -1 for its end if there is none that
// JSON knows and a uint64 holds. What follows is for the caller to look at.
func Whole(text string, i int) (u uint64, end int) {
	start := i
	if i+8 <= len(text) {
		y, other := numerals(load(text, i))
		if other != 0 {
			n := bits.TrailingZeros64(other)
			if n < 8 || n > 15 && byte(y) == 0 {
				return 0, -1
			}
			return before(y, n), i + n/8
		}
		u = folded(y)
		i += 8
		if i+8 <= len(text) && byte(y) != 0 {
			if y, other = numerals(load(text, i)); other != 0 {
				n := bits.TrailingZeros64(other)
				return u*powers[n/8] + before(y, n), i + n/8
			}
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

// Nanos reads the digits of a fraction of a second at i. It returns -1 for their end if there are none, or more
// than seven, or if the text ends so soon behind them that eight bytes cannot be read.
func Nanos(text string, i int) (ns uint64, end int) {
	if i+8 > len(text) {
		return 0, -1
	}
	y, other := numerals(load(text, i))
	n := bits.TrailingZeros64(other)
	if n < 8 || n > 63 {
		return 0, -1
	}
	return before(y, n) * powers[9-n/8], i + n/8
}

// numerals makes digits 0 to 9, and sets the top bits of all other bytes in other.
func numerals(x uint64) (y, other uint64) {
	y = x ^ '0'*ones
	return y, (y&^tops + (0x80-10)*ones | y) & tops
}

// before returns the number that the digits before bit n, the top one of the byte behind them, stand for.
func before(y uint64, n int) uint64 { return folded(y << 8 << (uint(63-n) & 63)) }

// folded returns the number that eight digits stand for, zeros in front as well: of pairs, then of fours, then of all.
func folded(y uint64) uint64 {
	y = (y*10 + y>>8) & 0x00ff00ff00ff00ff
	y = (y*100 + y>>16) & 0x0000ffff0000ffff
	return uint64(uint32(y*10000 + y>>32))
}

var powers = [10]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

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

// tens are exact, and so is an integer of up to 15 digits: one division rounds once.
var tens = [16]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// ShortWithin is Short for a number that has other text behind it: one of up to seven characters is read as a word.
func ShortWithin(text string, i int) (f float64, end int) {
	if i+8 > len(text) {
		return Short(text, i)
	}
	y, other := numerals(load(text, i))
	n := bits.TrailingZeros64(other)
	if n < 15 || n > 15 && byte(y) == 0 || other&(other-1) == 0 { // no digit, a zero too many, or more than fits
		return Short(text, i)
	}
	behind := text[i+n/8]
	if behind != '.' {
		if behind|0x20 == 'e' {
			return 0, -1
		}
		return float64(int64(before(y, n))), i + n/8
	}
	last := bits.TrailingZeros64(other & (other - 1))
	behind = text[i+last/8]
	if last < n+16 || behind|0x20 == 'e' {
		return 0, -1
	}
	whole := uint64(1)<<(uint(n-7)&63) - 1
	y = y&whole | y>>8&^whole // the point is taken out
	return float64(int64(before(y, last-8))) / tens[(last-n)/8-1], i + last/8
}

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
