import type { BackfillCursor, Database, FollowerProgress, Row } from '../database.ts';
import { NotInstalledError } from '../errors.ts';
import { applying, parkedChanges, rehearse } from './apply.ts';
import { install, inspect, remove } from './capture.ts';
import { findChanges, pending, purge, readChanges, recentChanges } from './changes.ts';
import { openPool, query } from './connect.ts';
import { describe, estimateRows } from './describe.ts';
import { becomeFollower, becomeOwner, raiseFence, sideState } from './fence.ts';
import { tableIdent } from './identifiers.ts';
import { identities, raiseIdentities } from './identities.ts';
import { readApplied, readChunk, readRows } from './rows.ts';

/**
 * The PostgreSQL side of the house (13 and later).
 *
 * @param label how messages call this database, e.g. `monolith`
 */
export function openPostgres(url: string, label: string): Database {
  const pool = openPool(url, label);
  return {
    label,
    close: () => pool.end(),
    describe: (table) => describe(pool, label, table),
    inspect: (_migration, tables) => inspect(pool, label, tables),
    install: (migration, tables, side) => install(pool, label, migration, tables, side),
    remove: (migration, tables) => remove(pool, label, migration, tables),
    raiseFence: (migration, tables, attempt, ms) => raiseFence(pool, label, migration, tables, attempt, ms),
    becomeOwner: (migration, tables, epoch, attempt) =>
      becomeOwner(pool, label, migration, tables, epoch, attempt),
    becomeFollower: (migration, epoch, owner) => becomeFollower(pool, label, migration, epoch, owner),
    sideState: (migration) => sideState(pool, label, migration),
    readChanges: (migration, since, batch) => readChanges(pool, label, migration, since, batch),
    pending: (migration, since) => pending(pool, label, migration, since),
    recentChanges: (migration, limit) => recentChanges(pool, label, migration, limit),
    findChanges: (migration, ids) => findChanges(pool, label, migration, ids),
    purge: (migration, position) => purge(pool, label, migration, position),
    applying: (migration, epoch, work) => applying(pool, label, migration, epoch, work),
    rehearse: (migration, work) => rehearse(pool, label, migration, work),
    readChunk: (migration, table, after, limit) => readChunk(pool, label, migration, table, after, limit),
    readRows: (migration, table, keys) => readRows(pool, label, migration, table, keys),
    readApplied: (migration, target, keys) => readApplied(pool, label, migration, target, keys),
    hasRows: async (table) =>
      (await query(pool, label, `SELECT FROM ${tableIdent(table)} LIMIT 1`)).length > 0,
    estimateRows: (table) => estimateRows(pool, label, table),
    identities: (table) => identities(pool, label, table),
    raiseIdentities: (table, floors) => raiseIdentities(pool, label, table, floors),
    parkedChanges: (migration, limit) => parkedChanges(pool, label, migration, limit),
    async progress(migration): Promise<FollowerProgress> {
      const side = await sideState(pool, label, migration);
      if (!side) throw new NotInstalledError(label, migration);
      const [parked] = await query<{ n: string }>(
        pool,
        label,
        'SELECT count(*) AS n FROM strangler.parked WHERE migration = $1',
        [migration],
      );
      const cursors = await query<Record<'source' | 'after' | 'rows' | 'done' | 'seconds', string>>(
        pool,
        label,
        'SELECT source, after, rows, done::text AS done, seconds FROM strangler.backfill WHERE migration = $1',
        [migration],
      );
      const backfill = new Map(cursors.map((row) => [row.source, toCursor(row)]));
      return { position: side.position, parked: Number(parked?.n ?? 0), backfill };
    },
  };
}

function toCursor(row: Record<'after' | 'rows' | 'done' | 'seconds', string>): BackfillCursor {
  return {
    after: JSON.parse(row.after ?? 'null') as Row | null,
    rows: Number(row.rows),
    done: row.done === 'true',
    seconds: Number(row.seconds),
  };
}
