package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/middleware/offload"
)

// deserved says which fates a letter may be for. What was received too often may be any: it is
// sent back, and judged by what becomes of it.
var deserved = map[deadletter.Reason][]fate{
	deadletter.ReasonUndecodable: {corrupt, negative},
	deadletter.ReasonPermanent:   {declined},
}

// verdict is what must be 0.
type verdict struct{ lost, twice, wrong, falseLetters int }

// judge compares what the bank has charged, and what was put aside, with what was sent,
// independently of weir. Letters are reasons by order.
func judge(w io.Writer, list []sale, charged map[string]int, letters map[string][]deadletter.Reason) (v verdict) {
	for _, s := range list {
		want, got := count(s.fate == healthy || s.fate == cursed), charged[s.ID]
		if got != want {
			fmt.Fprintf(w, "order %s, %v: charged %d times instead of %d\n", s.ID, s.fate, got, want)
		}
		switch {
		case got < want:
			v.lost++
		case got > 1:
			v.twice++
		case got != want:
			v.wrong++
		}
		aside := false
		for _, r := range letters[s.ID] {
			fates, final := deserved[r]
			just := false
			for _, f := range fates {
				just = just || f == s.fate
			}
			aside = aside || just
			if final && !just || !final && r != deadletter.ReasonReceives {
				fmt.Fprintf(w, "order %s, %v: a dead letter, %s\n", s.ID, s.fate, r)
				v.falseLetters++
			}
		}
		if want == 0 && !aside {
			fmt.Fprintf(w, "order %s, %v: neither charged nor put aside\n", s.ID, s.fate)
			v.lost++
		}
	}
	return v
}

var orderID = regexp.MustCompile(`"id":"(O[0-9]{5})`)

// orderOf finds out which order a letter is about.
func (s *shop) orderOf(ctx context.Context, l deadletter.Letter) (id string, err error) {
	content := l.Payload
	if p, err := offload.ParsePointer(l.Payload); err == nil {
		object, err := s.large.Get(ctx, p)
		if err != nil {
			return "", fmt.Errorf("letter %s, %s: %w", l.ID, l.Error, err)
		}
		content, err = io.ReadAll(object.Body)
		if err = errors.Join(err, object.Body.Close()); err != nil {
			return "", err
		}
	}
	if found := orderID.FindSubmatch(content); found != nil {
		return string(found[1]), nil
	}
	return "", fmt.Errorf("letter %s is about no order: %.100s", l.ID, content)
}

func (s *shop) judge(ctx context.Context, w io.Writer, list []sale) error {
	letters := map[string][]deadletter.Reason{}
	var unreadable error
	for _, l := range s.audit.letters {
		if l.Reason == deadletter.ReasonReceives {
			continue // it was sent back, and its object deleted since
		}
		id, err := s.orderOf(ctx, l)
		unreadable = errors.Join(unreadable, err)
		letters[id] = append(letters[id], l.Reason)
	}
	n := map[fate]int{}
	for _, s := range list {
		n[s.fate]++
	}
	v := judge(w, list, s.bank.books(), letters)
	fmt.Fprintf(w, "%d orders: %d charged once, of them %d redriven by their bug; %d not JSON, %d against the schema, %d refused by the bank: put aside\n",
		len(list), n[healthy]+n[cursed], n[cursed], n[corrupt], n[negative], n[declined])
	fmt.Fprintf(w, "lost: %d, charged twice: %d, charged wrongly: %d, false dead letters: %d\n", v.lost, v.twice, v.wrong, v.falseLetters)
	if v != (verdict{}) {
		unreadable = errors.Join(unreadable, errors.New("an order was not charged or put aside as it should have been"))
	}
	return unreadable
}
