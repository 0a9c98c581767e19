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
  row       json NOT NULL
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

CREATE TABLE IF NOT EXISTS strangler.mark (
  migration text NOT NULL,
  entry     text NOT NULL,
  key       text NOT NULL,
  epoch     bigint NOT NULL,
  version   bigint NOT NULL,
  deleted   boolean NOT NULL,
  PRIMARY KEY (migration, entry, key)
);

CREATE TABLE IF NOT EXISTS strangler.parked (
  migration text NOT NULL,
  source    text NOT NULL,
  key       text NOT NULL,
  id        bigint NOT NULL,
  op        "char" NOT NULL,
  row       json NOT NULL,
  reason    text NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (migration, source, key, id)
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

CREATE OR REPLACE FUNCTION strangler.refuse_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  side strangler.side%ROWTYPE;
BEGIN
  SELECT * INTO side FROM strangler.side WHERE migration = TG_ARGV[0];
  RAISE EXCEPTION 'table %.% is fenced: migration "%" %', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_ARGV[0],
    CASE side.role
      WHEN 'fenced' THEN 'is changing its owner right now'
      ELSE 'is owned by ' || side.owner || ' since epoch ' || side.epoch
    END
    USING ERRCODE = 'STF01', HINT = 'Write through the proxy or the owner; nothing was changed here.';
END $$;

CREATE OR REPLACE FUNCTION strangler.refuse_truncate() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table %.% is being migrated ("%"): TRUNCATE cannot be followed, use DELETE',
    TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'STF02';
END $$;
`;

/** Position before every change: reading from it hands over all that is there. */
export const START_POSITION = '1:1:';
