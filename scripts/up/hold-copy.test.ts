import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RunningShop } from '../testing/running-shop.ts';

/** A few chunks of rows, so that there is a middle to hold the copy in. */
const PACE = 400;

let shop: RunningShop;
beforeAll(async () => {
  shop = await RunningShop.start(2000);
  const file = await shop.ownConfig();
  const text = await readFile(file, 'utf8');
  const held = text.replace(
    '    gates: { shadowSamples: 50 }',
    `    gates: { shadowSamples: 50 }\n    backfill: { maxRowsPerSecond: ${PACE}, maxLagSeconds: 60 }`,
  );
  expect(held).not.toBe(text);
  await writeFile(file, held);
  await shop.up();
}, 180_000);
afterAll(() => shop.close());

const copied = async (): Promise<number> => {
  const { rows } = await shop.service.query<{ n: number }>(
    'SELECT (SELECT count(*) FROM category) + (SELECT count(*) FROM product) + (SELECT count(*) FROM stock_movement) AS n',
  );
  return Number(rows[0]?.n);
};
const nameOf = async (id: number): Promise<string | undefined> => {
  const { rows } = await shop.service.query<{ name: string }>('SELECT name FROM product WHERE id = $1', [id]);
  return rows[0]?.name;
};
const holdsOf = async (): Promise<unknown> => {
  const { out } = await shop.strangler('log', 'catalog', '-o', 'json');
  const entries = JSON.parse(out) as { kind: string; reason: string | null }[];
  return entries
    .filter(({ kind }) => kind.startsWith('backfill'))
    .map(({ kind, reason }) => `${kind}: ${reason}`);
};

it('a copy that is paused in its middle stays there, also over a restart, while live changes flow; and goes on to its end', async () => {
  expect(await shop.strangler('sync', 'catalog', '--no-wait')).toMatchObject({ code: 0 });
  await shop.until(({ sync }) => (sync?.backfill ?? []).some(({ rows, done }) => rows > 0 && !done));
  const paused = await shop.strangler('backfill', 'pause', 'catalog', '--reason', 'month-end');
  expect(paused).toMatchObject({ code: 0, out: expect.stringContaining('paused; live changes flow on') });
  const isHeld = ({ sync }: Awaited<ReturnType<typeof shop.status>>): boolean =>
    (sync?.backfill ?? []).some(({ rests }) => /paused by .*: month-end/.test(rests ?? ''));
  await shop.until(isHeld);
  const before = await copied();

  const { rows } = await shop.monolith.query<{ n: number }>(
    `SELECT (SELECT count(*) FROM prod_cat) + (SELECT count(*) FROM tbl_products) + (SELECT count(*) FROM stk_mvmt) AS n`,
  );
  const all = Number(rows[0]?.n);
  expect(before).toBeGreaterThan(0);
  expect(before).toBeLessThan(all);
  await shop.monolith.query(`INSERT INTO prod_cat (cat_id, cat_nm) VALUES (9001, 'while it is held')`);
  await shop.until(({ sync }) => sync?.lagChanges === 0 && (sync.applied ?? 0) > 0);
  expect(await copied()).toBe(before + 1);

  await shop.killPart('sync');
  const { sync } = await shop.status();
  await shop.until((status) => (status.sync?.reportedAt ?? '') > (sync?.reportedAt ?? '') && isHeld(status));
  await shop.monolith.query(`INSERT INTO prod_cat (cat_id, cat_nm) VALUES (9002, 'after a restart')`);
  await shop.until((status) => status.sync?.lagChanges === 0 && (status.sync.applied ?? 0) > 0);
  expect(await copied()).toBe(before + 2);
  expect(await shop.strangler('shadow', 'catalog')).toMatchObject({ code: 3 });

  const goingOn = await shop.strangler('backfill', 'continue', 'catalog', '--reason', 'the month is over');
  expect(goingOn).toMatchObject({ code: 0, out: expect.stringContaining('not paused') });
  await shop.until((status) => status.sync?.state === 'live');
  await shop.caughtUp();
  expect(await copied()).toBe(all + 2);
  expect(await shop.strangler('verify', 'catalog')).toMatchObject({ code: 0 });
  expect(await holdsOf()).toEqual(['backfill-paused: month-end', 'backfill-continued: the month is over']);
}, 240_000);

it('verify --round-trip lists the rows that would not come back, writes nothing, and counts for no gate', async () => {
  await shop.move('shadow', 'catalog');
  await shop.move('verify', 'catalog');
  const clean = await shop.strangler('verify', 'catalog', '--round-trip', '-o', 'json');
  expect(JSON.parse(clean.out)).toMatchObject({ state: 'done', differences: 0, found: [] });
  expect(clean.code).toBe(0);

  await shop.monolith.query('ALTER TABLE tbl_products DROP CONSTRAINT tbl_products_stat_cd_check');
  const name = await nameOf(4);
  await shop.monolith.query(
    `UPDATE tbl_products SET stat_cd = 'Z', prod_nm = 'no way back' WHERE prod_id = 4`,
  );
  const found = await shop.strangler('verify', 'catalog', '--round-trip');
  expect(found).toMatchObject({ code: 1, out: expect.stringMatching(/tbl_products → product \["4"\].*"Z"/) });
  expect(await nameOf(4)).toBe(name);
  const gates = await shop.strangler('cutover', 'catalog', '--dry-run', '-o', 'json');
  expect(gates.code).toBe(3);
  // What it found is no difference between the sides; the comparison before it counts as it did.
  expect(JSON.parse(gates.out)).toMatchObject({
    gates: expect.arrayContaining([
      expect.objectContaining({
        ...{ gate: 'verify', passed: true, value: expect.stringMatching(/^0 differences, 0 unsettled in/) },
      }),
    ]),
  });
}, 180_000);
