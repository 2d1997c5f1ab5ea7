package docstest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/weir-go/weir/weirtest"
)

// Order is what the records of these programs carry.
type Order struct {
	ID    string
	Cents int
}

// ship is the work that is done for an order.
func ship(ctx context.Context, o Order) error {
	if o.Cents < 0 {
		return errors.New("negative amount")
	}
	fmt.Println("shipped", o.ID)
	return nil
}

// show prints what became of each record of an event.
func show(l weirtest.Lambda, e weirtest.Event) {
	res := weirtest.Run(context.Background(), l, e)
	for i, r := range res.Records {
		fmt.Print(i+1, " ", r.State)
		if r.Err != nil {
			fmt.Print(": ", r.Err)
		}
		fmt.Println()
	}
	if res.Err != nil {
		fmt.Println("the invocation failed")
	}
}

// namesOf turns identifiers of an event's records into names, "abcd"[i] for the i-th.
func namesOf(e weirtest.Event, ids []string) string {
	var names []string
	for i, id := range e.IDs() {
		for _, wanted := range ids {
			if id == wanted {
				names = append(names, string(rune('a'+i)))
			}
		}
	}
	return strings.Join(names, " ")
}
