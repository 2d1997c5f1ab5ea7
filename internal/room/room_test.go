package room_test

import (
	"errors"
	"math"
	"testing"

	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/internal/room"
)

func TestRoom(t *testing.T) {
	t.Parallel()
	r := room.New(100)
	first, second := room.Share{Room: r}, room.Share{Room: r}
	assert.NoError(t, first.Take(60))
	assert.Equal(t, second.Take(41), room.ErrNone)
	assert.NoError(t, second.Take(40))
	assert.Equal(t, second.Took(), 40)
	assert.Equal(t, second.Take(61), room.ErrAlone) // with the 40
	assert.Equal(t, second.Take(60), room.ErrNone)
	first.Back(10)
	assert.NoError(t, second.Take(50))
	assert.Equal(t, first.Take(1), room.ErrNone)
	assert.Equal(t, first.Take(math.MaxInt64), room.ErrAlone)
	second.Back(0)
	assert.NoError(t, first.Take(90))
	assert.Equal(t, errors.Is(room.None("X"), room.ErrNone), true)
}
