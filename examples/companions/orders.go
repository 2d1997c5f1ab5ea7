package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Order is what the shop's producers send.
type Order struct {
	ID     string `json:"id"`
	Cents  int    `json:"cents"`
	Card   string `json:"card"`
	Letter string `json:"letter,omitempty"` // of the customer's; some are long
}

// fate is what is wrong with an order, and so what must become of it.
type fate uint8

const (
	healthy  fate = iota
	corrupt       // it is no JSON: a dead letter at once
	negative      // it breaks the schema: a dead letter at once
	declined      // the card is refused, today and tomorrow: a dead letter at once
	cursed        // a bug of ours fails it each time, until that is mended: a dead letter, then redriven
)

func (f fate) String() string {
	return [...]string{"healthy", "corrupt", "negative", "declined", "cursed"}[f]
}

// sale is an order on its way to the queue.
type sale struct {
	Order
	fate  fate
	twice bool // the producer's first answer was lost, so it sends the order again
	raw   bool // sent to the queue itself, not through SNS
}

func (s sale) body() string {
	if s.fate == corrupt {
		return `{"id":"` + s.ID
	}
	text, _ := json.Marshal(s.Order) // strings and numbers always marshal
	return string(text)
}

// longLetter is more than SQS took for years, and more than producers put into a message by default.
const longLetter = 300_000

// sales makes n orders. The same seed makes the same.
func sales(n int, seed uint64) []sale {
	rng := rand.New(rand.NewPCG(seed, 0x5a1e5))
	list := make([]sale, n)
	for i := range list {
		s := sale{Order: Order{ID: fmt.Sprintf("O%05d", i), Cents: 100 + rng.IntN(50_000), Card: "4000"}}
		switch dice := rng.IntN(1000); {
		case dice < 5:
			s.fate = corrupt
		case dice < 10:
			s.fate, s.Cents = negative, -s.Cents
		case dice < 20:
			s.fate, s.Card = declined, "0000"
		case dice < 25:
			s.fate, s.Card = cursed, "6666"
		}
		if rng.IntN(100) == 0 {
			s.Letter = strings.Repeat("Dear shop, ", longLetter/11)
		}
		s.twice, s.raw = rng.IntN(10) == 0, rng.IntN(4) == 0
		list[i] = s
	}
	return list
}
