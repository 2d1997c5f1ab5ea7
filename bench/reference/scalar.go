package reference

import "unsafe"

// view is b as a string, without a copy.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// text reads a string without escapes of its own.
func (p *plan) text(b []byte, i int) (string, int) {
	if p.quote == `"` {
		if i = after(b, i, `"`); i < 0 {
			return "", -1
		}
		for j := i; j < len(b); j++ {
			switch b[j] {
			case '"':
				return view(b[i:j]), j + 1
			case '\\':
				return "", -1
			}
		}
		return "", -1
	}
	if i = after(b, i, `\"`); i < 0 {
		return "", -1
	}
	for j := i; j+1 < len(b); j++ {
		if b[j] == '\\' {
			if b[j+1] == '"' {
				return view(b[i:j]), j + 2
			}
			return "", -1
		}
	}
	return "", -1
}

func integer(b []byte, i int) (v int64, end int) {
	j := i
	for ; j < len(b) && b[j]-'0' <= 9; j++ {
		v = v*10 + int64(b[j]-'0')
	}
	if j == i {
		return 0, -1
	}
	return v, j
}

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// float is exact for up to 15 digits, the corpus's.
func float(b []byte, i int) (float64, int) {
	m, j := integer(b, i)
	if j < 0 || j == len(b) || b[j] != '.' {
		return float64(m), j
	}
	j++
	point := j
	for ; j < len(b) && b[j]-'0' <= 9; j++ {
		m = m*10 + int64(b[j]-'0')
	}
	if j-i > 16 {
		return 0, -1
	}
	return float64(m) / pow10[j-point], j
}
