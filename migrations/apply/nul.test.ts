import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ControlStore } from '../lifecycle/store.ts';
import { skipKey } from '../parking/skip.ts';
import { exactCollation } from '../testing/mysql-server.ts';
import { createDatabase } from '../testing/two-databases.ts';
import type { Twins } from '../testing/twins.ts';
import { twins } from '../testing/twins.ts';
import { verify } from '../verify/verify.ts';

let bed: Twins;
beforeEach(async () => {
  const service = 'CREATE TABLE note (id varchar(20) PRIMARY KEY, body varchar(200))';
  const monolith = `${service} COLLATE ${await exactCollation()}`;
  const pairing = { monolith: 'mysql', service: 'postgres' } as const;
  bed = await twins({ monolith, service, tables: ['note'], pairing, fits: true });
});
afterEach(() => bed.close());

const REASON = expect.stringContaining('a text has a NUL character');
const parked = () => bed.databases.service.parkedKeys(bed.stream.migration, null, 10);
const notes = async () =>
  (await bed.service.query<{ id: string; body: string }>('SELECT id, body FROM note ORDER BY id')).rows;

it('parks a live row with a NUL character, in a value or in the key, and carries all others', async () => {
  await bed.sql(
    'monolith',
    `INSERT INTO note VALUES ('a', 'plain'), ('b', CONCAT('x', CHAR(0), 'y')), (CONCAT('c', CHAR(0)), 'z')`,
  );
  await bed.catchUp();
  expect(await notes()).toEqual([{ id: 'a', body: 'plain' }]);
  expect(await parked()).toMatchObject([
    { key: '["b"]', reason: REASON },
    { key: '["c\\u0000"]', reason: REASON },
  ]);
  await bed.sql('monolith', `UPDATE note SET body = 'well' WHERE id = 'b'`);
  await bed.sql('monolith', `DELETE FROM note WHERE id > 'b'`);
  await bed.catchUp();
  expect(await notes()).toMatchObject([{ id: 'a' }]);
  expect(await parked()).toMatchObject([{ key: '["b"]', waiting: 1 }, { waiting: 1 }]);
});

it('parks such a row of the copy, and compares the rest', async () => {
  await bed.sql(
    'monolith',
    `INSERT INTO note VALUES ('a', 'plain'), ('b', CONCAT('x', CHAR(0), 'y')), (CONCAT('c', CHAR(0)), 'z')`,
  );
  await bed.backfill();
  expect(await notes()).toEqual([{ id: 'a', body: 'plain' }]);
  expect(await verify(bed.stream)).toMatchObject({ differences: 0, parked: 2, unsettled: 0 });
});

it('keeps what is skipped of it in the journal, and what is found of it in a report', async () => {
  await bed.sql('monolith', `INSERT INTO note VALUES ('b', CONCAT('x', CHAR(0), 'y'))`);
  await bed.catchUp();
  const store = await ControlStore.open(await createDatabase(''));
  try {
    const { migration } = bed.stream;
    const key = { table: 'note', key: '["b"]' };
    await skipKey(bed.stream, key, async ({ changes, kept }) => {
      const decision = { kind: 'skipped', ...key, changes } as const;
      const entry = { migration, decision, epoch: 5, actor: 'ann', reason: 'odd', evidence: kept };
      await store.append(entry, 0);
    });
    expect(await store.entries()).toMatchObject([{ evidence: [{ row: { body: 'x\u2400y' } }] }]);
    const { found } = await verify(bed.stream);
    await store.report('verify:found', { found: [...found, { cut: 'x\0\ud83d' }] });
    expect((await store.reports()).get('verify:found')?.value).toMatchObject({
      found: [{ kind: 'missing', key: '["b"]' }, { cut: 'x\u2400\ufffd' }],
    });
  } finally {
    await store.close();
  }
});
