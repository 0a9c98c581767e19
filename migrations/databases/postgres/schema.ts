import { SHAPE_SQL } from './shape.ts';

/**
 * The bookkeeping that lives in every database taking part. `change` is written by capture triggers on this side;
 * all the rest belongs to the applier that writes this side.
 */
export const SCHEMA_SQL = `
CREATE SCHEMA IF NOT EXISTS strangler;

CREATE TABLE IF NOT EXISTS strangler.change (
  id        bigint GENERATED ALWAYS AS IDENTITY,
  txid      xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  migration text NOT NULL,
  source    text NOT NULL,
  op        "char" NOT NULL,
  key       text NOT NULL,
  row       json NOT NULL,
  -- The writer's transaction where it is not the one above: of a change that was read from the log.
  xact      xid8
);
CREATE INDEX IF NOT EXISTS change_by_txid ON strangler.change (migration, txid);

CREATE TABLE IF NOT EXISTS strangler.side (
  migration text PRIMARY KEY,
  role      text NOT NULL CHECK (role IN ('owner', 'fenced', 'follower')),
  owner     text NOT NULL,
  epoch     bigint NOT NULL,
  attempt   bigint NOT NULL,
  position  text NOT NULL
);

-- By bytes: a search for a key then compares no words of a language.
CREATE TABLE IF NOT EXISTS strangler.mark (
  migration text COLLATE "C" NOT NULL,
  entry     text COLLATE "C" NOT NULL,
  key       text COLLATE "C" NOT NULL,
  epoch     bigint NOT NULL,
  version   bigint NOT NULL,
  deleted   boolean NOT NULL,
  PRIMARY KEY (migration, entry, key)
-- Room for the next version of a mark beside it: the index then need not be written again.
) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS strangler.parked (
  migration text NOT NULL,
  source    text NOT NULL,
  key       text NOT NULL,
  id        bigint NOT NULL,
  op        "char" NOT NULL,
  row       json NOT NULL,
  reason    text NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tries     integer NOT NULL DEFAULT 0,
  next_try  timestamptz,
  PRIMARY KEY (migration, source, key, id)
);
CREATE INDEX IF NOT EXISTS parked_by_age ON strangler.parked (migration, id);
CREATE INDEX IF NOT EXISTS parked_newest ON strangler.parked (migration, source, key) WHERE next_try IS NOT NULL;
CREATE INDEX IF NOT EXISTS parked_due ON strangler.parked (migration, tries, next_try) WHERE next_try IS NOT NULL;

-- Translated keys. They belong to no migration, and outlive each.
CREATE TABLE IF NOT EXISTS strangler.key (
  space    text NOT NULL,
  monolith bigint NOT NULL,
  service  text NOT NULL,
  PRIMARY KEY (space, monolith),
  UNIQUE (space, service)
);

CREATE TABLE IF NOT EXISTS strangler.backfill (
  migration text NOT NULL,
  source    text NOT NULL,
  after     json,
  rows      bigint NOT NULL,
  done      boolean NOT NULL,
  seconds   double precision NOT NULL,
  PRIMARY KEY (migration, source)
);

-- What is read from the log, and up to where it is.
CREATE TABLE IF NOT EXISTS strangler.slot (
  migration text PRIMARY KEY,
  tables    json NOT NULL,
  lsn       pg_lsn
);

-- Rows of a partition that was truncated alone, said in the log: it does not name them itself.
CREATE TABLE IF NOT EXISTS strangler.emptied (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  migration text NOT NULL,
  source    text NOT NULL,
  op        "char" NOT NULL,
  key       text NOT NULL,
  row       json NOT NULL
);

-- The row itself says which columns it has: to a transaction that began before they changed, the catalog would not.
CREATE OR REPLACE FUNCTION strangler.what_is_left(found anyelement, names text[], keys text[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH here AS (SELECT json_object_keys(row_to_json(found)) AS attname)
  SELECT format('SELECT json_build_array(%s)::text, json_object(ARRAY[%s]::text[], ARRAY[%s]::text[])',
    (SELECT string_agg(CASE WHEN k IN (SELECT attname FROM here) THEN format('($1).%I::text', k) ELSE 'NULL' END, ', '
       ORDER BY ord) FROM unnest(keys) WITH ORDINALITY AS w(k, ord)),
    (SELECT string_agg(quote_literal(n), ', ' ORDER BY ord)
     FROM unnest(names) WITH ORDINALITY AS w(n, ord) WHERE n IN (SELECT attname FROM here)),
    (SELECT string_agg(format('($1).%I::text', n), ', ' ORDER BY ord)
     FROM unnest(names) WITH ORDINALITY AS w(n, ord) WHERE n IN (SELECT attname FROM here)))
$$;

${SHAPE_SQL}
CREATE OR REPLACE FUNCTION strangler.refuse_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  side strangler.side%ROWTYPE;
  -- What is raised below undoes every row, but not the place of a sequence.
  refused regclass := to_regclass(format('strangler.%I', 'refused ' || TG_ARGV[0]));
BEGIN
  IF TG_LEVEL = 'STATEMENT' AND current_setting('strangler.origin', true) = TG_ARGV[0] THEN
    RETURN NULL;
  END IF;
  -- Of a slice: rows of all others pass.
  IF TG_NARGS > 1 AND TG_LEVEL = 'ROW'
    AND (TG_OP = 'INSERT' OR NOT coalesce(TG_ARGV[2]::jsonb ? (to_jsonb(OLD) ->> TG_ARGV[1]), FALSE))
    AND (TG_OP = 'DELETE' OR NOT coalesce(TG_ARGV[2]::jsonb ? (to_jsonb(NEW) ->> TG_ARGV[1]), FALSE)) THEN
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  IF refused IS NOT NULL THEN
    PERFORM nextval(refused);
  END IF;
  SELECT * INTO side FROM strangler.side WHERE migration = TG_ARGV[0];
  RAISE EXCEPTION 'table %.% is fenced: migration "%" %', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_ARGV[0],
    CASE side.role
      WHEN 'fenced' THEN 'is changing its owner right now'
      ELSE 'is owned by ' || side.owner || ' since epoch ' || side.epoch
    END
    USING ERRCODE = 'STF01', HINT = 'Write through the proxy or the owner; nothing was changed here.';
END $$;

CREATE OR REPLACE FUNCTION strangler.capture_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_setting('strangler.origin', true) = TG_ARGV[0] THEN
    RETURN NULL;
  END IF;
  IF TG_WHEN = 'BEFORE' THEN
    PERFORM set_config('strangler.truncating', TG_ARGV[1], true);
    RETURN NULL;
  END IF;
  PERFORM set_config('strangler.truncating', '', true);
  IF TG_ARGV[2] IS NULL THEN
    INSERT INTO strangler.change (migration, source, op, key, row) VALUES (TG_ARGV[0], TG_ARGV[1], 't', '', '{}');
  END IF;
  RETURN NULL;
END $$;
`;

/** Position before every change: reading from it hands over all that is there. */
export const START_POSITION = '1:1:';

/** The schema goes with the last migration and the last pair of keys. */
export const DROP_UNUSED_SCHEMA = `DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM strangler.side) AND NOT EXISTS (SELECT FROM strangler.key) THEN
    DROP SCHEMA strangler CASCADE;
  END IF;
END $$`;
