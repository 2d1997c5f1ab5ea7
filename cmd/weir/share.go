package main

import (
	"errors"
	"strconv"
	"strings"
)

// share is a flag's value from 0 to 1, which may be written as a percentage.
type share float64

func (s *share) String() string { return strconv.FormatFloat(float64(*s), 'g', -1, 64) }

// Set implements flag.Value.
func (s *share) Set(text string) error {
	number, isPercent := strings.CutSuffix(text, "%")
	x, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return errors.New("want a share such as 1% or 0.01")
	}
	if isPercent {
		x /= 100
	}
	if !(x >= 0 && x <= 1) {
		return errors.New("want a share from 0% to 100%, or from 0 to 1")
	}
	*s = share(x)
	return nil
}
