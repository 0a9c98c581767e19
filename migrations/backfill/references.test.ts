import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Database } from '../databases/database.ts';
import { openDatabase } from '../databases/open.ts';
import { openSynced, streamFrom } from '../lifecycle/capability.ts';
import { workOf } from '../lifecycle/moves.ts';
import { tablePairSchema } from '../mapping/schema.ts';
import { relayOnce } from '../relay/relay.ts';
import type { Stream } from '../relay/stream.ts';
import type { SqlSession } from '../testing/databases.ts';
import { createDatabaseOf, dropMysqlDatabases, openSql } from '../testing/databases.ts';
import { verify } from '../verify/verify.ts';
import { backfill } from './backfill.ts';
import { lateColumns } from './late-columns.ts';
import type { BackfillReport } from './progress.ts';
import { writeChunk } from './write-chunk.ts';

/** Employees have a boss, who may have a higher number; departments have a head, employees a department. */
const TABLES = `
CREATE TABLE department (id integer PRIMARY KEY, head_id integer);
CREATE TABLE employee (
  id integer PRIMARY KEY, boss_id integer, department_id integer NOT NULL,
  FOREIGN KEY (boss_id) REFERENCES employee (id), FOREIGN KEY (department_id) REFERENCES department (id));
ALTER TABLE department ADD FOREIGN KEY (head_id) REFERENCES employee (id);`;

const PAIRS = [
  {
    from: 'employee',
    to: 'employee',
    key: { id: 'id' },
    columns: { boss_id: 'boss_id', department_id: 'department_id' },
  },
  { from: 'department', to: 'department', key: { id: 'id' }, columns: { head_id: 'head_id' } },
].map((pair) => tablePairSchema.parse(pair));

let databases: { monolith: Database; service: Database };
let clients: { monolith: pg.Client; service: SqlSession };
let stream: Stream;

async function begin(dialect: 'postgres' | 'mysql'): Promise<void> {
  const urls = {
    monolith: await createDatabaseOf('postgres', TABLES),
    service: await createDatabaseOf(dialect, TABLES),
  };
  databases = {
    monolith: openDatabase(urls.monolith, 'monolith'),
    service: openDatabase(urls.service, 'service'),
  };
  clients = {
    monolith: new pg.Client({ connectionString: urls.monolith }),
    service: await openSql(urls.service),
  };
  await clients.monolith.connect();
  const synced = await openSynced({
    name: 'staff',
    service: 'staff',
    pairs: PAIRS,
    thresholds: { lagSeconds: 2, shadowSamples: 0, shadowMismatchPercent: 1, verifyMaxAgeMinutes: 60 },
    databases,
    probe: async () => [],
    compareContracts: async () => null,
  });
  if (!synced) throw new Error('the mapping has tables');
  await clients.monolith.query(`
    INSERT INTO department SELECT i FROM generate_series(1, 700) i;
    INSERT INTO employee SELECT i, NULL, 1 + i % 700 FROM generate_series(1, 3000) i;
    UPDATE employee SET boss_id = id + 1 WHERE id < 3000;
    UPDATE department SET head_id = 3001 - id;`);
  await workOf('sync', 'legacy', true).run(synced, 1);
  stream = streamFrom(synced, 'monolith', 1);
}
afterEach(async () => {
  await Promise.all([clients.monolith.end(), clients.service.end()]);
  await Promise.all([databases.monolith.close(), databases.service.close()]);
  await dropMysqlDatabases();
});

const copy = (options: Partial<Parameters<typeof backfill>[1]> = {}): Promise<void> =>
  backfill(stream, { observe: () => undefined, signal: new AbortController().signal, ...options });

describe.each(['postgres', 'mysql'] as const)(
  'tables in %s that refer to themselves and to each other',
  (dialect) => {
    beforeEach(() => begin(dialect));

    it('are copied with their references left empty first and filled afterwards, and nothing is parked', async () => {
      let last: BackfillReport[] = [];
      await copy({ observe: (reports) => (last = structuredClone(reports)) });
      expect(await databases.service.parkedChanges('staff', 10)).toEqual([]);
      expect(last.map(({ table, done }) => [table, done])).toEqual([
        ['department', true],
        ['department (references)', true],
        ['employee', true],
        ['employee (references)', true],
      ]);
      expect(await verify(stream)).toMatchObject({ differences: 0, unsettled: 0 });
    });

    it('are not done before the references are there, also when the copy is stopped in between', async () => {
      const stop = new AbortController();
      await copy({
        signal: stop.signal,
        observe: (reports) => reports.filter(({ done }) => done).length === 2 && stop.abort(),
      });
      const { backfill: cursors } = await databases.service.progress('staff');
      expect(cursors.get('employee')?.done).toBe(true);
      expect(cursors.get('employee (references)')?.done).toBe(false);
      await copy();
      expect(await verify(stream)).toMatchObject({ differences: 0, unsettled: 0 });
    });

    it('do not turn back a row that changed before its references were filled', async () => {
      const stop = new AbortController();
      await copy({
        signal: stop.signal,
        observe: (reports) => reports.filter(({ done }) => done).length === 2 && stop.abort(),
      });
      const [employees] = stream.mapping.captured;
      const chunk = employees && (await stream.source.readChunk('staff', employees, null, 100));
      await clients.monolith.query('UPDATE employee SET boss_id = 77 WHERE id = 5');
      await relayOnce(stream);
      const again = { late: await lateOf(), again: true };
      await writeChunk(stream, 'employee', chunk ?? [], () => new Map(), again);
      const rows = await clients.service.sql('SELECT boss_id FROM employee WHERE id IN (4, 5) ORDER BY id');
      expect(rows).toEqual([{ boss_id: '5' }, { boss_id: '77' }]);
    });
  },
);

const lateOf = () => lateColumns(stream.target, stream.mapping, ['department', 'employee']);
