// Package deptest holds who may import whom, and what a handler binary may drag in.
// It has nothing to import.
package deptest
