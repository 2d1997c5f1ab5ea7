package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir/state"
)

// Deduper is a state.Deduper in Redis. A call is one round trip for 1,000 identifiers, which
// take about 120 bytes each in the server's memory, and the identifier. Leases end by the
// server's clock. All calls can be repeated, so the client may retry them.
type Deduper struct{ client Client }

var _ state.Deduper = (*Deduper)(nil)

// NewDeduper returns the Deduper that a client reaches. Nothing need be created. The client
// stays the caller's to close.
func NewDeduper(client Client) *Deduper { return &Deduper{client} }

// A claim outlives its lease, by as long as an invocation of Lambda can take, so that a late
// Confirm can tell whether anybody has taken it over.
const outlives = 15 * time.Minute

// A claim is a string: p for pending or d for done, when its lease ends in ms, a colon, and
// whose it is.
const claimLibrary = `
local function parse(claim)
  if not claim then return '' end
  local colon = string.find(claim, ':', 1, true)
  return string.sub(claim, 1, 1), tonumber(string.sub(claim, 2, colon - 1)), string.sub(claim, colon + 1)
end
`

// claimScript is given the token, the lease and how long to keep the claim, in ms.
var claimScript = newScript(claimLibrary+`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local mine = string.format('p%.0f:', now + ARGV[2]) .. ARGV[1]
local answers = {}
for i, key in ipairs(KEYS) do
  local what, ends, token = parse(redis.call('GET', key))
  if what == 'd' then answers[i] = 1
  elseif what == 'p' and token ~= ARGV[1] and ends > now then answers[i] = 2
  else
    redis.call('SET', key, mine, 'PX', ARGV[3])
    answers[i] = 0
  end
end
return answers
`, false)

// confirmScript is given the token and how long to keep the claim, in ms. A claim that the
// token has confirmed is confirmed again: an answer may have been lost.
var confirmScript = newScript(claimLibrary+`
local answers = {}
for i, key in ipairs(KEYS) do
  local what, _, token = parse(redis.call('GET', key))
  if token == ARGV[1] then
    redis.call('SET', key, 'd0:' .. token, 'PX', ARGV[2])
    answers[i] = 0
  else answers[i] = 1 end
end
return answers
`, false)

var releaseScript = newScript(claimLibrary+`
local answers = {}
for i, key in ipairs(KEYS) do
  local what, _, token = parse(redis.call('GET', key))
  if what == 'p' and token == ARGV[1] then redis.call('DEL', key) end
  answers[i] = 0
end
return answers
`, false)

// Claim asks for identifiers.
func (d *Deduper) Claim(ctx context.Context, scope, token string, ids []string, lease time.Duration) ([]state.Claim, error) {
	ms, err := milliseconds(lease)
	if err != nil {
		return nil, fmt.Errorf("redisstore: claim: lease: %w", err)
	}
	answers, err := d.run(ctx, claimScript, scope, ids, token, ms, ms+outlives.Milliseconds())
	if err != nil {
		return nil, fmt.Errorf("redisstore: claim: %w", err)
	}
	claims := make([]state.Claim, len(answers))
	for i, a := range answers {
		claims[i] = [...]state.Claim{state.Claimed, state.Done, state.Busy}[a]
	}
	return claims, nil
}

// Confirm makes claims done. One whose lease has ended is still the token's as long as nobody
// has taken it over, for a quarter of an hour.
func (d *Deduper) Confirm(ctx context.Context, scope, token string, ids []string, keep time.Duration) error {
	ms, err := milliseconds(keep)
	if err != nil {
		return fmt.Errorf("redisstore: confirm: keep: %w", err)
	}
	answers, err := d.run(ctx, confirmScript, scope, ids, token, ms)
	for i, lost := range answers {
		if err == nil && lost != 0 {
			err = fmt.Errorf("%q: %w", ids[i], state.ErrLeaseLost)
		}
	}
	if err != nil {
		return fmt.Errorf("redisstore: confirm: %w", err)
	}
	return nil
}

// Release gives up claims that are pending.
func (d *Deduper) Release(ctx context.Context, scope, token string, ids []string) error {
	if _, err := d.run(ctx, releaseScript, scope, ids, token); err != nil {
		return fmt.Errorf("redisstore: release: %w", err)
	}
	return nil
}

func milliseconds(d time.Duration) (int64, error) {
	if d <= 0 {
		return 0, errors.New("it must be more than 0")
	}
	return max(d.Milliseconds(), 1), nil
}

// run runs a script for identifiers, and returns its answers, from 0 to 2.
func (d *Deduper) run(ctx context.Context, s script, scope string, ids []string, args ...any) ([]int64, error) {
	pre := prefix(scope) + "d:"
	answers := make([]int64, 0, len(ids))
	for begin := 0; begin < len(ids); begin += maxRows {
		part := ids[begin:min(begin+maxRows, len(ids))]
		keys := make([]string, len(part))
		for i, id := range part {
			keys[i] = pre + id
		}
		reply, err := s.run(ctx, d.client, keys, args...)
		if err != nil {
			return nil, err
		}
		for _, r := range reply {
			a, ok := r.(int64)
			if !ok || a < 0 || a > 2 {
				return nil, fmt.Errorf("redis answered with %v", r)
			}
			answers = append(answers, a)
		}
		if len(answers) != begin+len(part) {
			return nil, fmt.Errorf("redis answered with %d claims of %d", len(reply), len(part))
		}
	}
	return answers, nil
}
