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

// way is how an order comes.
type way uint8

const (
	byTopic   way = iota // through SNS into the shop's queue
	direct               // into the shop's queue
	byPartner            // as gzip in base64 into the partners' queue
	ways
)

// sale is an order on its way.
type sale struct {
	Order
	fate fate
	sent []way // more than one: an answer was lost, so the order was sent again
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
		if rng.IntN(15) == 0 {
			s.Letter = strings.Repeat("Dear shop, ", longLetter/11)
		}
		for range 1 + count(rng.IntN(10) == 0) {
			s.sent = append(s.sent, way(rng.IntN(int(ways))))
		}
		list[i] = s
	}
	return list
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
