package attr

import (
	"bytes"
	"strconv"
)

// decimal is a number digits times ten to the exp, with no zero at either end of the
// digits. The number zero has no digits, no exp and no sign.
type decimal struct {
	neg    bool
	digits []byte
	exp    int
}

// maxExp keeps an exponent and the places it moves within an int.
const maxExp = 1 << 30

// scanNumber splits a number as DynamoDB writes and accepts it: an optional sign,
// digits with at most one point in or around them, and an optional exponent.
func scanNumber(text string) (mantissa, exp string, ok bool) {
	i, digits, point := 0, 0, false
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		i++
	}
	for ; i < len(text); i++ {
		c := text[i]
		if c-'0' <= 9 {
			digits++
		} else if c == '.' && !point {
			point = true
		} else {
			break
		}
	}
	mantissa = text[:i]
	if digits == 0 {
		return "", "", false
	}
	if i == len(text) {
		return mantissa, "", true
	}
	if text[i] != 'e' && text[i] != 'E' {
		return "", "", false
	}
	exp = text[i+1:]
	for j := range len(exp) {
		if c := exp[j]; c-'0' > 9 && (j > 0 || c != '-' && c != '+') {
			return "", "", false
		}
	}
	ok = exp != "" && exp[len(exp)-1]-'0' <= 9
	return mantissa, exp, ok
}

func isNumber(text string) bool {
	_, _, ok := scanNumber(text)
	return ok
}

// parseDecimal reads text with the digits appended to buf.
func parseDecimal(buf []byte, text string) (d decimal, ok bool) {
	mantissa, exp, ok := scanNumber(text)
	if !ok {
		return d, false
	}
	point := false
	for i := range len(mantissa) {
		switch c := mantissa[i]; {
		case c == '.':
			point = true
		case c == '-':
			d.neg = true
		case c != '+':
			buf = append(buf, c)
			if point {
				d.exp--
			}
		}
	}
	short := bytes.TrimRight(buf, "0")
	d.exp += len(buf) - len(short)
	d.digits = bytes.TrimLeft(short, "0")
	if len(d.digits) == 0 {
		return decimal{}, true
	}
	if exp != "" {
		e, err := strconv.Atoi(exp)
		if err != nil || e > maxExp || e < -maxExp {
			return d, false
		}
		d.exp += e
	}
	return d, true
}

// magnitude is the exponent behind 0.digits.
func (d *decimal) magnitude() int { return d.exp + len(d.digits) }

// append writes the one text that all ways of writing the number share.
func (d *decimal) append(dst []byte) []byte {
	m := d.magnitude()
	if d.exp >= 0 && m <= 40 {
		return d.appendPlain(dst)
	}
	if d.neg {
		dst = append(dst, '-')
	}
	switch {
	case m > 40 || m < -10:
		dst = append(dst, d.digits...)
		dst = append(dst, 'e')
		return strconv.AppendInt(dst, int64(d.exp), 10)
	case m <= 0:
		dst = append(dst, "0."...)
		for range -m {
			dst = append(dst, '0')
		}
		return append(dst, d.digits...)
	}
	dst = append(dst, d.digits[:m]...)
	dst = append(dst, '.')
	return append(dst, d.digits[m:]...)
}

// appendPlain writes an integer without an exponent.
func (d *decimal) appendPlain(dst []byte) []byte {
	if len(d.digits) == 0 {
		return append(dst, '0')
	}
	if d.neg {
		dst = append(dst, '-')
	}
	dst = append(dst, d.digits...)
	for range d.exp {
		dst = append(dst, '0')
	}
	return dst
}
