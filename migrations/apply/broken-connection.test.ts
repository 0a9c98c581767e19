import { afterEach, describe, expect, it } from '@jest/globals';
import { UnreachableDatabaseError } from '../databases/errors.ts';
import type { Dialect } from '../testing/databases.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';

let bed: TwoDatabases;
afterEach(() => bed.close());

/** Ends every other connection to the service's database. */
async function endOthers(dialect: Dialect): Promise<void> {
  if (dialect === 'postgres') {
    await bed.sql(
      'service',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'strangler'`,
    );
    return;
  }
  const others = await bed.sql(
    'service',
    'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()',
  );
  for (const { id } of others) await bed.sql('service', `KILL CONNECTION ${id}`);
}

/** Connections of the pool that are broken are found out one by one. */
async function catchUpOnceItIsBack(): Promise<void> {
  for (let left = 10; ; left -= 1) {
    try {
      return await bed.catchUp();
    } catch (error) {
      if (!(error instanceof UnreachableDatabaseError) || left === 0) throw error;
    }
  }
}

describe.each<Dialect>(['postgres', 'mysql'])(
  'a change that is written when the connection to %s breaks',
  (dialect) => {
    it('is no fault of the data: it is not parked, and applied when the server is there again', async () => {
      bed = await twoDatabases({ monolith: 'postgres', service: dialect });
      await bed.install();
      await bed.sql('monolith', `INSERT INTO maker (id, nm) VALUES (1, 'one')`);
      const error: unknown = await bed.databases.service
        .applying('catalog', 0n, (applier) =>
          applier.attempt(async () => {
            await endOthers(dialect);
            await applier.savePosition('1:1:');
          }),
        )
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UnreachableDatabaseError);
      expect(String(error)).toMatch(/service catalog: .* broke the connection/);
      await catchUpOnceItIsBack();
      expect(await bed.databases.service.parkedChanges('catalog', 1)).toEqual([]);
      expect(await bed.sql('service', 'SELECT name FROM manufacturer')).toEqual([{ name: 'one' }]);
    });
  },
);
