// Package sketch has the monoids that need libraries: HLL, which counts distinct keys.
//
// Libraries were taken for sketches if their licence, the stability of their encoding and what
// they do with damaged bytes allow it. Four were tried with encodings cut off, with flipped
// bits, and with random bytes, at the versions named:
//
//   - github.com/axiomhq/hyperloglog v0.3.0 (MIT) passes: no panic, no large allocation, and it
//     reads its older encoding. HLL is built on it. It sorts itself when it is asked for its
//     estimate, so HLL asks copies; and it may write equal sketches in different ways, so HLL
//     has it sort before it writes.
//   - github.com/bits-and-blooms/bloom/v3 v3.7.1 allocates 256 MiB for 24 bytes, before it finds
//     that the rest is missing. So monoid.Bloom is our own.
//   - github.com/DataDog/sketches-go v1.4.8 asks for 205 TB when one bit of an encoding is
//     flipped, which no recover survives. So monoid.Quantiles is our own.
//   - github.com/caio/go-tdigest/v4 v4.1.0 allocates 16 MiB for 5 KB, and t-digests depend on the
//     order of merging without a bound that could be stored with them.
package sketch
