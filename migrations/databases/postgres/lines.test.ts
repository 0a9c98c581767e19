import { afterEach, describe, expect, it } from '@jest/globals';
import type { Twins } from '../../testing/twins.ts';
import { twins } from '../../testing/twins.ts';

/** More than one chunk. */
const ROWS = 1200;
const TABLE = 'CREATE TABLE t (k text PRIMARY KEY, v text);';
/** A key and a value in which each character that `COPY` escapes occurs. */
const ODD = `E'\\\\' || n || E'\\t\\n\\r\\b\\f\\v''"'`;

let bed: Twins;
afterEach(() => bed.close());

const begin = async (service = TABLE): Promise<void> => {
  bed = await twins({ monolith: TABLE, service, tables: ['t'] });
  await bed.monolith.query(
    `INSERT INTO t SELECT ${ODD}, CASE WHEN n % 3 = 0 THEN NULL ELSE ${ODD} END FROM generate_series(1, ${ROWS}) n;
     DELETE FROM strangler.change`,
  );
};

const rows = async (side: 'monolith' | 'service'): Promise<unknown[]> =>
  (await bed[side].query<Record<'k' | 'v', string>>('SELECT k, v FROM t ORDER BY k')).rows;

const marks = async (): Promise<number> =>
  Number((await bed.service.query<{ n: string }>('SELECT count(*) AS n FROM strangler.mark')).rows[0]?.n);

describe('a table that is copied as lines', () => {
  it('arrives as it was, whatever is in its keys and values', async () => {
    await begin();
    await bed.backfill();
    expect(await rows('service')).toEqual(await rows('monolith'));
    expect(await marks()).toBe(0);
  });

  it('gives way to rows that were changed or deleted meanwhile, and takes the others beside them', async () => {
    await begin();
    await bed.monolith.query(`UPDATE t SET v = 'new' WHERE v LIKE '%77%'; DELETE FROM t WHERE k LIKE '%55%'`);
    await bed.catchUp();
    await bed.monolith.query(`UPDATE t SET v = 'newer' WHERE k LIKE '%88%'`);
    await bed.backfill();
    await bed.catchUp();
    expect(await rows('service')).toEqual(await rows('monolith'));
    expect(await marks()).toBeLessThan(ROWS / 2);
  });

  it.each([
    ['at once', `CREATE TABLE t (k text PRIMARY KEY, v text CHECK (v <> 'bad'));`],
    [
      'only at the end',
      `${TABLE} CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF NEW.v = 'bad' THEN RAISE check_violation; END IF; RETURN NULL; END $$;
       CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON t DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW EXECUTE FUNCTION refuse();`,
    ],
  ])('parks the one row that the follower refuses %s', async (_, service) => {
    await begin(service);
    await bed.monolith.query(`INSERT INTO t VALUES ('a key', 'bad')`);
    await bed.monolith.query('DELETE FROM strangler.change');
    await bed.backfill();
    expect(await bed.databases.service.parkedChanges('twins', 10)).toMatchObject([{ key: '["a key"]' }]);
    expect(await rows('service')).toHaveLength(ROWS);
  });
});
