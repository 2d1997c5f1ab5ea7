package monoid

// hash is stored, by way of the bits that it sets: it can never change. It is 64-bit FNV-1a,
// whose bits are then mixed by the finalizer of MurmurHash3, as FNV leaves too much in them.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
