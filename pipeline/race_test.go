//go:build race

package pipeline_test

// raceEnabled: under the race detector everything allocates.
const raceEnabled = true
