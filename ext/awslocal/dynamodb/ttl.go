package dynamodb

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

type timeToLive struct {
	AttributeName string
	Enabled       *bool
}

type updateTimeToLiveInput struct {
	TableName               string
	TimeToLiveSpecification *timeToLive
}

func (s *Server) updateTimeToLive(c *call, in *updateTimeToLiveInput) (any, error) {
	t, err := s.table(c, in.TableName)
	if err != nil {
		return nil, err
	}
	spec := in.TimeToLiveSpecification
	switch {
	case spec == nil || spec.Enabled == nil:
		return nil, invalid("TimeToLiveSpecification must have AttributeName and Enabled")
	case spec.AttributeName == "" || len(spec.AttributeName) > 255:
		return nil, invalid("AttributeName of time to live: it must have 1 to 255 bytes")
	case *spec.Enabled && t.expires != "":
		return nil, invalid("TimeToLive is already enabled")
	case !*spec.Enabled && t.expires == "":
		return nil, invalid("TimeToLive is already disabled")
	case !*spec.Enabled && t.expires != spec.AttributeName:
		return nil, invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", t.expires)
	}
	t.expires = ""
	if *spec.Enabled {
		t.expires = spec.AttributeName
	}
	return map[string]any{"TimeToLiveSpecification": spec}, nil
}

func (s *Server) describeTimeToLive(c *call, in *tableInput) (any, error) {
	t, err := s.table(c, in.TableName)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"TimeToLiveStatus": "DISABLED"}
	if t.expires != "" {
		out = map[string]any{"TimeToLiveStatus": "ENABLED", "AttributeName": t.expires}
	}
	return map[string]any{"TimeToLiveDescription": out}, nil
}

// tooOld is how far in the past a time to live may be for DynamoDB to act on it. Source: "Using
// time to live", DynamoDB Developer Guide.
const tooOld = 5 * 365 * 24 * time.Hour

// Expire deletes the items whose time to live is over at now, in all tables that have it enabled,
// and returns how many. AWS does so within days, this server only when it is told to.
func (s *Server) Expire(now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	deleted := 0
	for _, name := range slices.Sorted(maps.Keys(s.tables)) {
		t := s.tables[name]
		if t.expires == "" {
			continue
		}
		var gone []item
		for _, p := range t.scan() {
			for _, r := range p.rows {
				if v := r.item[t.expires]; v.kind == kindN && expired(v.number(), now) {
					gone = append(gone, r.item)
				}
			}
		}
		if len(gone) > 0 {
			t.begin(s.lag)
		}
		for _, it := range gone {
			t.set(s, now, it, it, nil, &identity{"dynamodb.amazonaws.com", "Service"})
		}
		deleted += len(gone)
	}
	return deleted
}

// expired says whether a time in seconds since 1970 is over, and not too old.
func expired(at number, now time.Time) bool {
	unix := func(t time.Time) number {
		n, _ := parseNumber(strconv.FormatInt(t.Unix(), 10)) // an int64 always is one
		return n
	}
	return at.compare(unix(now)) < 0 && at.compare(unix(now.Add(-tooOld))) >= 0
}
