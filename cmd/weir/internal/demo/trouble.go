package demo

import (
	"hash/fnv"
	"strconv"
	"time"
)

// Trouble is what goes wrong. It hangs on the seed, and on the flight or the invocation alone, so
// that it is the same in every run.
type Trouble struct {
	Fail   float64 // share of the database's commits that fail
	Poison float64 // share of the flights that can never be handled
	Slow   bool    // whether some commits are slow, and a few hang
	Seed   uint64
}

// mishap is what happens to a commit.
type mishap uint8

const (
	none mishap = iota
	refused
	lostAnswer // done, but the caller does not learn it
)

// roll says what happens to the commit of an invocation.
func (t Trouble) roll(invocation uint64) mishap {
	switch dice := t.dice("fail", strconv.FormatUint(invocation, 10)); {
	case dice < t.Fail/2:
		return lostAnswer
	case dice < t.Fail:
		return refused
	}
	return none
}

// poison is what is wrong with a flight.
type poison uint8

const (
	healthy poison = iota
	corrupt        // its payload cannot be decoded
	panics         // the pipeline's functions panic over it
)

func (t Trouble) poison(id string) poison {
	switch dice := t.dice("poison", id); {
	case dice < t.Poison/2:
		return corrupt
	case dice < t.Poison:
		return panics
	}
	return healthy
}

const (
	slowShare = 0.05
	slowDelay = 5 * time.Millisecond
	hangShare = 0.003
	hangDelay = time.Minute
)

// delay is how long the commit of an invocation takes.
func (t Trouble) delay(invocation uint64) time.Duration {
	if !t.Slow {
		return 0
	}
	switch dice := t.dice("slow", strconv.FormatUint(invocation, 10)); {
	case dice < hangShare:
		return hangDelay
	case dice < hangShare+slowShare:
		return slowDelay
	}
	return 0
}

// dice returns a number from 0 to 1, 1 excluded.
func (t Trouble) dice(what, id string) float64 {
	h := fnv.New64a()
	h.Write([]byte(what + "/" + id))
	x := h.Sum64() ^ t.Seed*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9 // splitmix64
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}
