package monoidtest

// Option changes how Laws works.
type Option interface {
	apply(*config)
}

type config struct {
	seed   uint64
	rounds int
	equal  any // a func(a, b V) bool, or nil
}

type option func(*config)

func (o option) apply(c *config) { o(c) }

// Equal says when two values count as the same, for monoids whose laws hold up to rounding, or
// up to a bound, and for those that encode equal values differently. The default is that they
// are encoded alike.
func Equal[V any](equal func(a, b V) bool) Option {
	return option(func(c *config) { c.equal = equal })
}

// Seed replays what a failed run printed. The default, as with 0, is a new seed each time.
func Seed(seed uint64) Option {
	return option(func(c *config) { c.seed = seed })
}

// Rounds is how often each law is tried with new values, 200 by default.
func Rounds(n int) Option {
	return option(func(c *config) { c.rounds = n })
}
