package dynamodb

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// number is a decimal: 0.digits times ten to the power of point. digits has no zeros at either
// end; zero is the number without digits.
type number struct {
	negative bool
	digits   string
	point    int
}

// What a number may be. Source: "Data types", DynamoDB Developer Guide.
const (
	maxDigits = 38
	maxPoint  = 126  // 9.99E+125
	minPoint  = -129 // 1E-130
	maxPower  = 1 << 30
)

// parseNumber reads a number and refuses what DynamoDB cannot store.
func parseNumber(text string) (number, error) {
	if text == "" {
		return number{}, invalid("The parameter cannot be converted to a numeric value")
	}
	bad := func() error { return invalid("The parameter cannot be converted to a numeric value: %s", text) }
	var n number
	rest := text
	if rest[0] == '-' || rest[0] == '+' {
		n.negative = rest[0] == '-'
		rest = rest[1:]
	}
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		power, err := strconv.Atoi(rest[i+1:])
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return number{}, bad()
		}
		n.point = max(-maxPower, min(maxPower, power))
		rest = rest[:i]
	}
	whole, fraction, _ := strings.Cut(rest, ".")
	if whole+fraction == "" || strings.Trim(whole, "0123456789") != "" || strings.Trim(fraction, "0123456789") != "" {
		return number{}, bad()
	}
	n.digits = whole + fraction
	n.point += len(whole)
	return n.checked()
}

// checked brings a number into its one form, and refuses those out of range.
func (n number) checked() (number, error) {
	all := len(n.digits)
	n.digits = strings.TrimLeft(n.digits, "0")
	n.point -= all - len(n.digits)
	n.digits = strings.TrimRight(n.digits, "0")
	switch {
	case n.digits == "":
		return number{}, nil
	case len(n.digits) > maxDigits:
		return number{}, invalid("Attempting to store more than 38 significant digits in a Number")
	case n.point > maxPoint:
		return number{}, tooLarge()
	case n.point < minPoint:
		return number{}, invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
	}
	return n, nil
}

func tooLarge() error {
	return invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
}

// String writes the number without an exponent, as DynamoDB returns it.
func (n number) String() string {
	var s string
	switch {
	case n.digits == "":
		return "0"
	case n.point <= 0:
		s = "0." + strings.Repeat("0", -n.point) + n.digits
	case n.point >= len(n.digits):
		s = n.digits + strings.Repeat("0", n.point-len(n.digits))
	default:
		s = n.digits[:n.point] + "." + n.digits[n.point:]
	}
	if n.negative {
		return "-" + s
	}
	return s
}

func (n number) sign() int {
	switch {
	case n.digits == "":
		return 0
	case n.negative:
		return -1
	}
	return 1
}

// compare is negative if n is less than m, positive if it is greater.
func (n number) compare(m number) int {
	sign := n.sign()
	if d := sign - m.sign(); d != 0 || sign == 0 {
		return d
	}
	if d := n.point - m.point; d != 0 {
		return sign * d
	}
	return sign * strings.Compare(n.digits, m.digits)
}

// negate returns -n.
func (n number) negate() number {
	n.negative = !n.negative && n.digits != ""
	return n
}

// add returns the exact sum. If that has too many digits, AWS calls it an overflow.
func (n number) add(m number) (number, error) {
	last := min(n.point-len(n.digits), m.point-len(m.digits)) // power of ten of the last digit
	sum := n.scaled(last)
	sum.Add(sum, m.scaled(last))
	out := number{negative: sum.Sign() < 0, digits: sum.Abs(sum).String()}
	out.point = len(out.digits) + last
	if len(strings.TrimRight(out.digits, "0")) > maxDigits {
		return out, tooLarge()
	}
	return out.checked()
}

// scaled is n in units of ten to the power of last.
func (n number) scaled(last int) *big.Int {
	i := new(big.Int)
	if n.digits == "" {
		return i
	}
	i.SetString(n.digits+strings.Repeat("0", n.point-len(n.digits)-last), 10)
	if n.negative {
		i.Neg(i)
	}
	return i
}

// size is how many bytes DynamoDB counts: one, and one for every two digits.
func (n number) size() int {
	size := 1 + (len(n.digits)+1)/2
	if n.negative {
		size++
	}
	return min(size, 21)
}
