import type { BackfillCursor, Database, FollowerProgress, Row, Text } from '../database.ts';
import { NotInstalledError } from '../errors.ts';
import { applying, rehearse } from './apply.ts';
import { install, inspect, remove } from './capture.ts';
import { findChanges, pending, purge, readChanges, recentChanges } from './changes.ts';
import { digest, keyBehind, keysWithin } from './checksum.ts';
import { openServer, query } from './connect.ts';
import type { Server } from './connect.ts';
import { describe, estimateRows } from './describe.ts';
import { examine } from './examine.ts';
import { becomeFollower, becomeOwner, raiseFence, sideState } from './fence.ts';
import { literal, tableIdent } from './identifiers.ts';
import { dropGuard, guard, guarded } from './guard.ts';
import { identities, raiseIdentities } from './identities.ts';
import { addKeys, findKeys, forgetKeys, newNumbers } from './keys.ts';
import { countParked, parkedChanges, parkedKeys, parkedOf } from './parking.ts';
import { readApplied, readChunk, readRows } from './rows.ts';

/**
 * The MySQL side of the house: MySQL 8.0 and MariaDB 10.6, and later ones of both. What differs between the two says so
 * where it stands; all else is common to them.
 *
 * @param label how messages call this database, e.g. `monolith`
 */
export function openMySql(url: string, label: string): Database {
  const server = openServer(url, label);
  return {
    dialect: 'mysql',
    label,
    close: () => server.pool.end(),
    describe: (table) => describe(server, table),
    inspect: (migration, tables) => inspect(server, migration, tables),
    install: (migration, tables, side) => install(server, migration, tables, side),
    remove: (migration, tables, epoch) => remove(server, migration, tables, epoch),
    raiseFence: (migration, tables, attempt, ms) => raiseFence(server, migration, tables, attempt, ms),
    becomeOwner: (migration, _tables, epoch, attempt) => becomeOwner(server, migration, epoch, attempt),
    becomeFollower: (migration, epoch, owner) => becomeFollower(server, migration, epoch, owner),
    sideState: (migration) => sideState(server, migration),
    // A refused statement leaves no trace here that would not cost every other write.
    refusedWrites: async () => null,
    // Only with instruments of the performance schema that are off by default, and cannot be told from silence.
    writersOf: async () => null,
    guard: (tables, words) => guard(server, tables, words),
    dropGuard: (tables) => dropGuard(server, tables),
    guarded: (tables) => guarded(server, tables),
    readChanges: (migration, since, batch) => readChanges(server, migration, since, batch),
    pending: (migration, since) => pending(server, migration, since),
    recentChanges: (migration, limit) => recentChanges(server, migration, limit),
    findChanges: (migration, ids) => findChanges(server, migration, ids),
    tendCapture: async () => undefined,
    captureHealth: async () => null,
    purge: (migration, position) => purge(server, migration, position),
    applying: (migration, epoch, work) => applying(server, migration, epoch, work),
    rehearse: (migration, work) => rehearse(server, migration, work),
    readChunk: (migration, table, after, limit) => readChunk(server, migration, table, after, limit),
    readRows: (migration, table, keys) => readRows(server, migration, table, keys),
    readApplied: (migration, target, keys) => readApplied(server, migration, target, keys),
    digest: (table, range) => digest(server, table, range),
    keyBehind: (table, range, rows) => keyBehind(server, table, range, rows),
    keysWithin: (table, range, limit) => keysWithin(server, table, range, limit),
    hasRows: async (table) => (await query(server, `SELECT 1 FROM ${tableIdent(table)} LIMIT 1`)).length > 0,
    estimateRows: (table) => estimateRows(server, table),
    identities: (table) => identities(server, table),
    raiseIdentities: (table, floors) => raiseIdentities(server, table, floors),
    findKeys: (space, side, keys) => findKeys(server, space, side, keys),
    addKeys: (space, pairs) => addKeys(server, space, pairs),
    forgetKeys: (spaces) => forgetKeys(server, spaces),
    newNumbers: (space, column, count) => newNumbers(server, space, column, count),
    examineSlices: async () => [
      {
        ...{ id: 'slices', severity: 'error', subject: label },
        message: 'is a MySQL or MariaDB: a table is captured and fenced as a whole there',
        advice: 'move the migration whole, without `slices`',
      },
    ],
    examine: (question) => examine(server, question),
    parkedChanges: (migration, limit) => parkedChanges(server, migration, limit),
    parkedKeys: (migration, after, limit) => parkedKeys(server, migration, after, limit),
    parkedOf: (migration, key, limit) => parkedOf(server, migration, key, limit),
    progress: (migration) => progress(server, migration),
  };
}

async function progress(server: Server, migration: string): Promise<FollowerProgress> {
  const side = await sideState(server, migration);
  if (!side) throw new NotInstalledError(server.label, migration);
  const cursors = await query(
    server,
    `SELECT source, after, copied, done, seconds FROM strangler_backfill WHERE migration = ${literal(migration)}`,
  );
  const backfill = new Map(cursors.map(([source, ...cursor]) => [source ?? '', toCursor(cursor)]));
  return { position: side.position, ...(await countParked(server, migration)), backfill };
}

const toCursor = ([after, rows, done, seconds]: readonly Text[]): BackfillCursor => ({
  after: JSON.parse(after ?? 'null') as Row | null,
  rows: Number(rows),
  done: done === '1',
  seconds: Number(seconds),
});
