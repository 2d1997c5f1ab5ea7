package pgstore

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/weir-go/weir/state"
)

// Rows come by the page, so that no connection is held while the caller looks at them.
const (
	listRows = 1000
	spanRows = 200 // these have data
)

// List yields the rows of a kind by name and time. Rows written meanwhile may be in it.
func (s *Store) List(ctx context.Context, pipeline string, kind state.Kind) iter.Seq2[state.Row, error] {
	return func(yield func(state.Row, error) bool) {
		next := state.Key{Kind: kind, At: math.MinInt64} // the smallest there is
		scan(yield, listRows, func() (rows []state.Row, err error) {
			var v values
			var name []byte
			err = s.query(ctx, s.sql.list, []any{[]byte(pipeline), int16(kind), []byte(next.Name), next.At, listRows}, func(row pgx.Rows) error {
				if err := row.Scan(&name, &next.At, &v.version, &v.expires); err != nil {
					return err
				}
				next.Name = string(name)
				rows = append(rows, v.row(next))
				return nil
			})
			if next.At < math.MaxInt64 {
				next.At++
			} else {
				next.Name, next.At = next.Name+"\x00", math.MinInt64
			}
			return rows, err
		})
	}
}

// Range yields the rows of a name whose At is in [from, to], in ascending order. What was
// committed before is in it; rows that are changed meanwhile come as before or after.
func (s *Store) Range(ctx context.Context, pipeline string, kind state.Kind, name string, from, to int64, _ bool) iter.Seq2[state.Row, error] {
	return func(yield func(state.Row, error) bool) {
		next, done := from, false
		scan(yield, spanRows, func() (rows []state.Row, err error) {
			if done {
				return nil, nil
			}
			var v values
			k := state.Key{Kind: kind, Name: name}
			err = s.query(ctx, s.sql.span, []any{[]byte(pipeline), int16(kind), []byte(name), next, to, spanRows}, func(row pgx.Rows) error {
				if err := row.Scan(&k.At, &v.version, &v.number, &v.data, &v.expires); err != nil {
					return err
				}
				rows = append(rows, v.row(k))
				return nil
			})
			next, done = k.At+1, k.At == math.MaxInt64
			return rows, err
		})
	}
}

// scan yields pages of rows, until one is not full.
func scan(yield func(state.Row, error) bool, full int, page func() ([]state.Row, error)) {
	for {
		rows, err := page()
		if err != nil {
			yield(state.Row{}, fmt.Errorf("pgstore: read rows: %w", err))
			return
		}
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
		if len(rows) < full {
			return
		}
	}
}

// stepRows is how many rows Expire deletes at a time.
const stepRows = 1000

// Expire deletes the rows of all pipelines that had expired at now, and says how many. It does
// so 1,000 at a time, each a transaction, and leaves out rows that are being written; call it
// from a worker or a cron job, an hour or a day apart. After an error some may be deleted;
// call it again.
func (s *Store) Expire(ctx context.Context, now time.Time) (deleted int, err error) {
	for {
		tag, err := s.db.Exec(ctx, s.sql.expire, now.Unix(), stepRows)
		if err != nil {
			return deleted, fmt.Errorf("pgstore: expire: %w", err)
		}
		if tag.RowsAffected() == 0 { // fewer than a step's may be for others who write
			return deleted, nil
		}
		deleted += int(tag.RowsAffected())
	}
}
