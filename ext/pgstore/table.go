package pgstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Option applies to New and to CreateTable.
type Option func(*config)

type config struct{ table []string }

// Table names the table, "weir_rows" by default; schema.table says in which schema it is. The
// name is quoted, so its case counts.
func Table(name string) Option { return func(c *config) { c.table = strings.Split(name, ".") } }

func configure(opts []Option) config {
	c := config{table: []string{"weir_rows"}}
	for _, o := range opts {
		if o != nil {
			o(&c)
		}
	}
	return c
}

// statements are the SQL for a table.
type statements struct{ create, load, commit, list, span, expire string }

// Names of conditions in the SQL that the errors are told by.
const onlyOne = "weir_number_or_data"

func (c config) statements() statements {
	index := c.table[len(c.table)-1] + "_expires"
	replace := strings.NewReplacer("TABLE_NAME", pgx.Identifier(c.table).Sanitize(), "INDEX_NAME", pgx.Identifier{index}.Sanitize(), "ONLY_ONE", onlyOne)
	return statements{
		create: replace.Replace(createSQL),
		load:   replace.Replace(loadSQL),
		commit: replace.Replace(commitSQL),
		list:   replace.Replace(listSQL),
		span:   replace.Replace(spanSQL),
		expire: replace.Replace(expireSQL),
	}
}

// CreateTable creates the table and its index if they are not there. It is for development
// and tests; SQL prints what it runs, for the migrations of a service.
func CreateTable(ctx context.Context, db DB, opts ...Option) error {
	if _, err := db.Exec(ctx, SQL(opts...)); err != nil {
		return fmt.Errorf("pgstore: create table: %w", err)
	}
	return nil
}

// SQL returns the statements that create the table and its index. The index is for Expire
// alone.
func SQL(opts ...Option) string { return configure(opts).statements().create }

// The lock makes two processes that start at once wait for each other: IF NOT EXISTS does not.
// A row has a number or data. Needs is how the write that made it was conditional, and null
// once it was written again; see commitSQL.
const createSQL = `SELECT pg_advisory_xact_lock(8602258721650406770);
CREATE TABLE IF NOT EXISTS TABLE_NAME (
  pipeline bytea    NOT NULL,
  kind     smallint NOT NULL,
  name     bytea    NOT NULL,
  at       bigint   NOT NULL,
  version  bigint   NOT NULL,
  needs    bigint,
  number   bigint,
  data     bytea,
  expires  bigint, -- seconds since 1970
  PRIMARY KEY (pipeline, kind, name, at),
  CONSTRAINT ONLY_ONE CHECK ((number IS NULL) <> (data IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS INDEX_NAME ON TABLE_NAME (expires) WHERE expires IS NOT NULL;
`

const loadSQL = `
SELECT w.i, r.version, r.number, r.data, r.expires
FROM unnest($2::smallint[], $3::bytea[], $4::bigint[]) WITH ORDINALITY AS w (kind, name, at, i)
CROSS JOIN LATERAL (
  SELECT version, number, data, expires FROM TABLE_NAME
  WHERE pipeline = $1 AND kind = w.kind AND name = w.name AND at = w.at
  LIMIT 1
) AS r`

// Needs is the version that the row must have, 0 for a row that must not exist, -1 for an
// add. A row that should be there and is not gets inserted, so what was inserted is looked at
// in the end; what was updated has null. The division by zero takes everything back, without
// another round trip; so does the constraint, if a number is added to data. Rows are locked
// in the order of their keys, so that two commits cannot wait for each other.
const commitSQL = `
WITH done AS (
  INSERT INTO TABLE_NAME AS t (pipeline, kind, name, at, version, needs, number, data, expires)
  SELECT $1::bytea, w.kind, w.name, w.at, $2::bigint, w.needs,
    CASE WHEN w.data IS NULL THEN w.number END, w.data, CASE WHEN w.expires <> $9::bigint THEN w.expires END
  FROM unnest($3::smallint[], $4::bytea[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bytea[], $10::bigint[])
    AS w (kind, name, at, needs, number, data, expires)
  ORDER BY w.kind, w.name, w.at
  ON CONFLICT (pipeline, kind, name, at) DO UPDATE SET
    version = excluded.version,
    needs = NULL,
    number = CASE WHEN excluded.needs = -1 THEN t.number + excluded.number ELSE excluded.number END,
    data = excluded.data,
    expires = excluded.expires
  WHERE excluded.needs IN (-1, t.version)
  RETURNING t.needs
)
SELECT 1 / (count(*) = cardinality($3::smallint[]) AND count(*) FILTER (WHERE needs > 0) = 0)::int FROM done`

const listSQL = `
SELECT name, at, version, expires FROM TABLE_NAME
WHERE pipeline = $1 AND kind = $2 AND (name, at) >= ($3, $4)
ORDER BY name, at LIMIT $5`

const spanSQL = `
SELECT at, version, number, data, expires FROM TABLE_NAME
WHERE pipeline = $1 AND kind = $2 AND name = $3 AND at BETWEEN $4 AND $5
ORDER BY at LIMIT $6`

// Rows that a commit has locked are left for another time.
const expireSQL = `
DELETE FROM TABLE_NAME WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM TABLE_NAME WHERE expires <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
))`
