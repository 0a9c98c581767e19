import type pg from 'pg';
import type { BackfillCursor, Database, FollowerProgress, Row } from '../database.ts';
import { NotInstalledError } from '../errors.ts';
import { applying, rehearse } from './apply.ts';
import { install, inspect, remove } from './capture.ts';
import { addKeys, findKeys, forgetKeys, newNumbers } from './keys.ts';
import { findChanges, pending, purge, readChanges, recentChanges } from './changes.ts';
import { digest, keyBehind, keysWithin } from './checksum.ts';
import { openPool, query } from './connect.ts';
import { readLines } from './lines.ts';
import { describe, estimateRows } from './describe.ts';
import { examineSlices } from './examine-slices.ts';
import { examine } from './examine.ts';
import { becomeFollower, becomeOwner, raiseFence, sideState } from './fence.ts';
import { tableIdent } from './identifiers.ts';
import { guardsOf } from './guard.ts';
import { strayLooksOf } from './writers.ts';
import { identities, raiseIdentities } from './identities.ts';
import { countParked, parkedChanges, parkedKeys, parkedOf } from './parking.ts';
import { followLog } from './slot/follow-log.ts';
import { onlyOurs } from './parts-sql.ts';
import { readApplied, readChunk, readRows } from './rows.ts';

/**
 * The PostgreSQL side of the house (13 and later).
 *
 * @param label how messages call this database, e.g. `monolith`
 */
export function openPostgres(url: string, label: string): Database {
  const pool = openPool(url, label);
  const log = followLog(pool, label);
  return {
    dialect: 'postgres',
    label,
    close: () => pool.end(),
    describe: (table) => describe(pool, label, table),
    inspect: (migration, tables) => inspect(pool, label, migration, tables),
    install: (migration, tables, side) => install(pool, label, migration, tables, side),
    remove: (migration, tables, epoch) => remove(pool, label, migration, tables, epoch),
    raiseFence: (migration, tables, attempt, ms) => raiseFence(pool, label, migration, tables, attempt, ms),
    becomeOwner: (migration, tables, epoch, attempt) =>
      becomeOwner(pool, label, migration, tables, epoch, attempt),
    becomeFollower: (migration, epoch, owner) => becomeFollower(pool, label, migration, epoch, owner),
    sideState: (migration) => sideState(pool, label, migration),
    ...guardsOf(pool, label),
    ...strayLooksOf(pool, label),
    async readChanges(migration, since, batch) {
      await log.collect(migration);
      return readChanges(pool, label, migration, since, batch);
    },
    async pending(migration, since) {
      await log.collect(migration);
      return pending(pool, label, migration, since);
    },
    tendCapture: log.collect,
    captureHealth: log.health,
    async recentChanges(migration, limit) {
      await log.collect(migration);
      return recentChanges(pool, label, migration, limit);
    },
    findChanges: (migration, ids) => findChanges(pool, label, migration, ids),
    purge: (migration, position) => purge(pool, label, migration, position),
    applying: (migration, epoch, work) => applying(pool, label, migration, epoch, work),
    rehearse: (migration, work) => rehearse(pool, label, migration, work),
    readChunk: (migration, table, after, limit) =>
      readChunk(pool, label, migration, table, after, limit, log.collect),
    readLines: (migration, table, columns, after, limit) =>
      readLines(pool, label, migration, table, columns, after, limit),
    readRows: (migration, table, keys) => readRows(pool, label, migration, table, keys, log.collect),
    readApplied: (migration, target, keys) => readApplied(pool, label, migration, target, keys),
    digest: (table, range) => digest(pool, label, table, range),
    keyBehind: (table, range, rows) => keyBehind(pool, label, table, range, rows),
    keysWithin: (table, range, limit) => keysWithin(pool, label, table, range, limit),
    hasRows: async (table, only = []) =>
      (await query(pool, label, `SELECT FROM ${tableIdent(table)} t WHERE true${onlyOurs({ only })} LIMIT 1`))
        .length > 0,
    estimateRows: (table) => estimateRows(pool, label, table),
    identities: (table) => identities(pool, label, table),
    raiseIdentities: (table, floors) => raiseIdentities(pool, label, table, floors),
    findKeys: (space, side, keys) => findKeys(pool, label, space, side, keys),
    addKeys: (space, pairs) => addKeys(pool, label, space, pairs),
    forgetKeys: (spaces) => forgetKeys(pool, label, spaces),
    newNumbers: (space, column, count) => newNumbers(pool, label, space, column, count),
    examineSlices: (tables) => examineSlices(pool, label, tables),
    examine: (question) => examine(pool, label, question),
    parkedChanges: (migration, limit) => parkedChanges(pool, label, migration, limit),
    parkedKeys: (migration, after, limit) => parkedKeys(pool, label, migration, after, limit),
    parkedOf: (migration, key, limit) => parkedOf(pool, label, migration, key, limit),
    progress: (migration) => progress(pool, label, migration),
  };
}

async function progress(pool: pg.Pool, label: string, migration: string): Promise<FollowerProgress> {
  const side = await sideState(pool, label, migration);
  if (!side) throw new NotInstalledError(label, migration);
  const parked = await countParked(pool, label, migration);
  const cursors = await query<Record<'source' | 'after' | 'rows' | 'done' | 'seconds', string>>(
    pool,
    label,
    'SELECT source, after, rows, done::text AS done, seconds FROM strangler.backfill WHERE migration = $1',
    [migration],
  );
  const backfill = new Map(cursors.map((row) => [row.source, toCursor(row)]));
  return { position: side.position, ...parked, backfill };
}

function toCursor(row: Record<'after' | 'rows' | 'done' | 'seconds', string>): BackfillCursor {
  return {
    after: JSON.parse(row.after ?? 'null') as Row | null,
    rows: Number(row.rows),
    done: row.done === 'true',
    seconds: Number(row.seconds),
  };
}
