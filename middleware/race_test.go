//go:build race

package middleware_test

// raceEnabled: under the race detector everything allocates.
const raceEnabled = true
