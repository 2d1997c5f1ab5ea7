package deadletter_test

import (
	"context"
	"errors"
	"testing"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/envelope"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/internal/errtree"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

// A record that the sink did not take fails because of that, and still says why it was given up: others, such as
// middleware.Measure, look for it. It is given up no more.
func TestNotSentSaysWhy(t *testing.T) {
	t.Parallel()
	full := errors.New("full")
	sink := deadletter.Func(func(context.Context, *deadletter.Letter) error { return full })
	for name, verb := range map[string]weir.Verb{"plain": weir.Each(fails(weir.Undecodable(errNo))), "in a part": envelope.Base64(weir.Each(fails(weir.Undecodable(errNo))))} {
		r := weirtest.Run(t.Context(), weir.SQS(verb, deadletter.To(sink, deadletter.Undecodable())), weirtest.SQS("YQ=="))
		assert.Equal(t, r.Records[0].State, weirtest.Failed, name)
		for _, err := range []error{full, errNo, weir.ErrUndecodable} {
			assert.Equal(t, errors.Is(r.Records[0].Err, err), true, name)
		}
		assert.Equal(t, errtree.Says(r.Records[0].Err), errtree.Plain, name)
	}
}

// rude is an error whose methods panic.
type rude struct{}

func (rude) Error() string { return "rude" }
func (rude) Is(error) bool { panic("rude") }

// A record whose error panics when it is looked into is given up as any other.
func TestRudeErrorIsGivenUp(t *testing.T) {
	t.Parallel()
	var b box
	r := weirtest.Run(t.Context(), weir.SQS(weir.Each(fails(rude{})), deadletter.To(&b, deadletter.MaxReceives(1))), weirtest.SQS("a"))
	assert.Equal(t, r.Records[0].State, weirtest.Dropped)
	assert.Equal(t, b.letters[0].Error, "rude")
}
