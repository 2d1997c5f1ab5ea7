package redisstore

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Client is what the package needs of a client of go-redis: a *redis.Client, a
// *redis.ClusterClient or any other redis.UniversalClient.
type Client interface {
	Process(ctx context.Context, cmd redis.Cmder) error
}

// A script is Lua that Redis runs as a whole, with nothing in between.
type script struct {
	text, sha string
	once      bool // what it does must not be done twice
}

func newScript(text string, once bool) script {
	sum := sha1.Sum([]byte(text))
	return script{text, hex.EncodeToString(sum[:]), once}
}

// run runs the script on the master that has the keys, and returns the list it answers.
func (s script) run(ctx context.Context, c Client, keys []string, args ...any) ([]any, error) {
	all := make([]any, 0, 3+len(keys)+len(args))
	all = append(all, "evalsha", s.sha, len(keys))
	for _, k := range keys {
		all = append(all, k)
	}
	all = append(all, args...)
	reply, err := s.process(ctx, c, all)
	if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
		all[0], all[1] = "eval", s.text
		reply, err = s.process(ctx, c, all)
	}
	if err != nil {
		return nil, err
	}
	list, ok := reply.([]any)
	if !ok {
		return nil, fmt.Errorf("redis answered with a %T", reply)
	}
	return list, nil
}

func (s script) process(ctx context.Context, c Client, args []any) (any, error) {
	cmd := redis.NewCmd(ctx, args...)
	cmd.SetFirstKeyPos(3)
	var err error
	if s.once {
		err = c.Process(ctx, unrepeated{cmd})
	} else {
		err = c.Process(ctx, cmd)
	}
	return cmd.Val(), err
}

// unrepeated is a command that go-redis sends once. It repeats others when an answer is lost,
// and a commit that is repeated finds its own rows, or adds a second time.
type unrepeated struct{ *redis.Cmd }

func (unrepeated) NoRetry() bool { return true }

// prefix returns what the keys of a pipeline start with. The braces make it what a cluster
// places keys by, so they must not come from the pipeline's name.
func prefix(pipeline string) string { return "{weir/" + escapeBrace.Replace(pipeline) + "}" }

var escapeBrace = strings.NewReplacer("%", "%25", "}", "%7D")

// What a commit answers, with the number of the row that is to blame.
const (
	applied = iota + 1
	conflict
	notNumber
	overflow
)

// commitScript is given the version of all rows it writes, and for each key: the version that
// it has, "0" for none, "+" for an add; the data, or the number to add; when it expires, or "".
//
// It checks everything but overflows, which only Redis can: Lua's numbers are not exact. So
// it adds first, and takes that back if one overflows.
var commitScript = newScript(`
local function isNumber(s)
  if s == '0' then return true end
  local minus, digits = string.match(s, '^(%-?)([1-9]%d*)$')
  if not digits or #digits > 19 then return false end
  if #digits < 19 then return true end
  return digits <= (minus == '' and '9223372036854775807' or '9223372036854775808')
end

local old = {}
for i, key in ipairs(KEYS) do
  local want = ARGV[3*i-1]
  if want == '+' then
    old[i] = redis.call('HMGET', key, 'v', 'e', 'd')
    if old[i][1] and not isNumber(old[i][3] or '') then return {3, i} end
  else
    old[i] = redis.call('HMGET', key, 'v', 'e')
    if (old[i][1] or '0') ~= want then return {2, i} end
  end
end

for i, key in ipairs(KEYS) do
  if ARGV[3*i-1] == '+' then
    local sum = redis.pcall('HINCRBY', key, 'd', ARGV[3*i])
    if type(sum) == 'table' and sum.err then
      for j = 1, i - 1 do
        if ARGV[3*j-1] == '+' then
          if old[j][1] then redis.call('HSET', KEYS[j], 'd', old[j][3]) else redis.call('DEL', KEYS[j]) end
        end
      end
      if string.find(sum.err, 'overflow', 1, true) then return {4, i} end
      return sum
    end
  end
end

for i, key in ipairs(KEYS) do
  local expires = ARGV[3*i+1]
  if ARGV[3*i-1] == '+' then
    redis.call('HSET', key, 'v', ARGV[1])
  else
    redis.call('HSET', key, 'v', ARGV[1], 'd', ARGV[3*i])
  end
  if expires ~= '' then redis.call('HSET', key, 'e', expires) elseif old[i][2] then redis.call('HDEL', key, 'e') end
  if expires ~= '' and tonumber(expires) < 253402300800 then
    redis.call('EXPIREAT', key, expires)
  elseif old[i][2] then
    redis.call('PERSIST', key)
  end
end
return {1, 0}
`, true)

// loadScript returns the version, the expiry and the data of each key. A script is read from
// a master, also by a client that reads keys from replicas.
var loadScript = newScript(`
local rows = {}
for i, key in ipairs(KEYS) do rows[i] = redis.call('HMGET', key, 'v', 'e', 'd') end
return rows
`, false)

// listScript returns the cursor to go on with and, of some keys that match: key, version, expiry.
// It is given a key of the pipeline for a cluster to know the node.
var listScript = newScript(`
local found = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 1000)
local rows = {}
for i, key in ipairs(found[2]) do
  local row = redis.call('HMGET', key, 'v', 'e')
  rows[i] = {key, row[1], row[2]}
end
return {found[1], rows}
`, false)
