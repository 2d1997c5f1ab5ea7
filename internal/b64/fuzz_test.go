package b64_test

import (
	"encoding/base64"
	"testing"
)

func FuzzDecode(f *testing.F) {
	for n := range 20 {
		f.Add(base64.StdEncoding.EncodeToString(random(n)))
	}
	for _, text := range []string{
		"WeirWeirWeirWe==", "WeirWeirWeirWeirWei=", "WeirWeirWeirWeir\nWeir", "WeirWeirWeirWe\r\nirWeirW=\n=\n", "WeirWeirWeir=eirWeir", "Weir-_",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { check(t, text) })
}
