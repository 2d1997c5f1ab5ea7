package monoid

import (
	"encoding/binary"
	"math"
)

const quantilesVersion = 1

// Append writes a version, the level, the least and greatest number, and the buckets, each by
// its distance from the one before.
func (m quantiles) Append(dst []byte, v Distribution) ([]byte, error) {
	if v.single || v.scale != m.scale {
		var err error
		if v, err = m.Combine(m.Identity(), v); err != nil {
			return dst, err
		}
	}
	dst = append(dst, quantilesVersion, byte(v.level))
	dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(v.min))
	dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(v.max))
	dst = binary.AppendUvarint(dst, uint64(len(v.bins)))
	last := int32(0)
	for _, b := range v.bins {
		dst = binary.AppendVarint(dst, int64(b.bucket-last))
		dst = binary.AppendUvarint(dst, uint64(b.n))
		last = b.bucket
	}
	return dst, nil
}

func (m quantiles) Decode(src []byte) (Distribution, error) {
	r := reader{src: src}
	version := r.byte()
	v := m.Identity()
	v.level = int(r.byte())
	v.min, v.max = math.Float64frombits(r.uint64()), math.Float64frombits(r.uint64())
	n := r.count(2)
	valid := version == quantilesVersion && v.level <= maxLevel && n <= maxBins
	if valid && n > 0 {
		v.bins = make([]bin, 0, n)
	}
	last := int64(0)
	for i := 0; valid && i < n; i++ {
		distance, times := r.varint(), r.natural()
		sum, fits := add(v.count, times)
		valid = !r.bad && -4*side < distance && distance < 4*side && (i == 0 || distance > 0) && times > 0 && fits
		last += distance
		valid = valid && -2*side < last && last < 2*side
		v.bins, v.count = append(v.bins, bin{int32(last), times}), sum
	}
	if !valid || !r.ok() || !m.plausible(v) {
		return Distribution{}, fail(m.name, ErrEncoding, "%d bytes are no buckets", len(src))
	}
	return v, nil
}

// plausible says that the least and the greatest number are in the first bucket and the last.
// Or next to it: another processor may have rounded a logarithm otherwise.
func (m quantiles) plausible(v Distribution) bool {
	if len(v.bins) == 0 {
		return v.min == 0 && v.max == 0 && v.level == 0
	}
	near := func(x float64, b bin) bool {
		d := m.scale.bucket(x, v.level) - b.bucket
		return -1 <= d && d <= 1
	}
	return finite(v.min) && finite(v.max) && v.min <= v.max && near(v.min, v.bins[0]) && near(v.max, v.bins[len(v.bins)-1])
}
