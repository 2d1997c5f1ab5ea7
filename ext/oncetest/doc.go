// Package oncetest runs middleware/once on all stores: in memory, in a file, and on real servers
// where the environment names them.
package oncetest
