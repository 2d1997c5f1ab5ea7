package jsonscan

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// checkNumber holds what reads numbers by words to strconv, with what stands behind the number far and near.
func checkNumber(t *testing.T, text string) {
	t.Helper()
	number := text
	if i := strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune("+-.eE0123456789", r) }); i >= 0 {
		number = text[:i]
	}
	valid := json.Valid([]byte(number))
	u, uErr := strconv.ParseUint(number, 10, 64)
	f, fErr := strconv.ParseFloat(number, 64)
	for _, behind := range []string{"", ",", "}", `,"a":1234567890`, "\xb0\xb1\x80\xff,.,.,.", " ,12345678"} {
		for _, before := range []string{"", "123456789:"} {
			whole := before + number + behind
			switch got, end := Whole(whole, len(before)); {
			case valid && uErr == nil && (got != u || end != len(before)+len(number)):
				t.Fatalf("Whole(%q, %d) = %d, %d", whole, len(before), got, end)
			case end >= 0 && fmt.Sprint(got) != whole[len(before):end]:
				t.Fatalf("Whole(%q, %d) = %d, %d", whole, len(before), got, end)
			}
			for name, read := range map[string]func(string, int) (float64, int){"Short": Short, "ShortWithin": ShortWithin} {
				got, end := read(whole, len(before))
				short := valid && len(number) <= 15 && !strings.ContainsAny(number, "eE")
				if short && (fErr != nil || end != len(before)+len(number) || math.Float64bits(got) != math.Float64bits(f)) {
					t.Fatalf("%s(%q, %d) = %v, %d", name, whole, len(before), got, end)
				}
				if end >= 0 { // maybe a part: what cannot follow a number is seen by who asks
					part := whole[len(before):end]
					want, err := strconv.ParseFloat(part, 64)
					if err != nil || !json.Valid([]byte(part)) || math.Float64bits(got) != math.Float64bits(want) ||
						end < len(whole) && (whole[end]-'0' <= 9 || whole[end]|0x20 == 'e') {
						t.Fatalf("%s(%q, %d) = %v, %d", name, whole, len(before), got, end)
					}
				}
			}
			ns, end := Nanos(whole, len(before))
			if end >= 0 {
				digits := whole[len(before):end]
				want, err := strconv.ParseUint((digits + "000000000")[:9], 10, 64)
				if err != nil || ns != want || whole[end]-'0' <= 9 {
					t.Fatalf("Nanos(%q, %d) = %d, %d", whole, len(before), ns, end)
				}
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for n := range 24 {
		for _, digit := range []string{"0", "1", "9"} {
			text := strings.Repeat(digit, n)
			for point := range n + 1 {
				for _, behind := range []string{"", "e", "E", "e5", ".", "-", "/", ":"} {
					checkNumber(t, text+behind)
					checkNumber(t, text[:point]+"."+text[point:]+behind)
					checkNumber(t, "-"+text[:point]+"."+text[point:]+behind)
				}
			}
		}
	}
	for range 20000 {
		b := make([]byte, rand.IntN(12))
		for i := range b {
			b[i] = "0123456789012345678901234567890123456789.-eE+/:,"[rand.IntN(48)]
		}
		checkNumber(t, string(b))
		checkNumber(t, strconv.FormatFloat(float64(rand.IntN(100000))/math.Pow10(rand.IntN(6)), 'f', -1, 64))
		checkNumber(t, strconv.FormatUint(rand.Uint64()>>rand.IntN(64), 10))
	}
}

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"0", "1.5", "12345678", "1234567.8", "0.123", "-1", "007", "18446744073709551616", "1e5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkNumber(t, s) })
}
