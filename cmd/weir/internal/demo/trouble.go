package demo

import (
	"hash/fnv"
	"time"
)

// Trouble is what goes wrong. It hangs on the seed, the flight and the number of the call
// alone, so that it is the same in every run.
type Trouble struct {
	Fail   float64 // share of the calls of the database that fail
	Poison float64 // share of the flights that can never be handled
	Slow   bool    // whether some calls are slow, and a few hang
	Seed   uint64
}

// mishap is what happens to a call of the database.
type mishap uint8

const (
	none mishap = iota
	refused
	lostAnswer // done, but the caller does not learn it
)

// roll says what happens to a call. comesAgain promises that the record is delivered again
// should it fail.
func (t Trouble) roll(id string, call int, comesAgain bool) mishap {
	dice := t.dice("fail", id, call)
	if dice >= t.Fail {
		return none
	}
	// Were the answer of the last try lost, the flight would be both counted and a dead
	// letter, and no handler could help that.
	if comesAgain && dice < t.Fail/2 {
		return lostAnswer
	}
	return refused
}

// poison is what is wrong with a flight.
type poison uint8

const (
	healthy poison = iota
	corrupt        // its payload cannot be decoded
	panics         // the handler panics over it
)

func (t Trouble) poison(id string) poison {
	switch dice := t.dice("poison", id, 0); {
	case dice < t.Poison/2:
		return corrupt
	case dice < t.Poison:
		return panics
	}
	return healthy
}

const (
	slowShare = 0.01
	slowDelay = 2 * time.Millisecond
	hangShare = 0.0005
	hangDelay = time.Minute
)

// delay is how long a call takes. Calls hang only the first time.
func (t Trouble) delay(id string, call int) time.Duration {
	if !t.Slow {
		return 0
	}
	switch dice := t.dice("slow", id, call); {
	case call == 1 && dice < hangShare:
		return hangDelay
	case dice < slowShare:
		return slowDelay
	}
	return 0
}

// dice returns a number from 0 to 1, 1 excluded.
func (t Trouble) dice(what, id string, call int) float64 {
	h := fnv.New64a()
	h.Write([]byte(what + "/" + id))
	x := h.Sum64() ^ t.Seed*0x9e3779b97f4a7c15 ^ uint64(call)*0xd1b54a32d192ed03
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9 // splitmix64
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}
