import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { backfill } from '../backfill/backfill.ts';
import { openDatabase } from '../databases/open.ts';
import type { SyncedCapability } from '../lifecycle/capability.ts';
import { openSynced, streamFrom } from '../lifecycle/capability.ts';
import { workOf } from '../lifecycle/moves.ts';
import type { Side } from '../lifecycle/stages.ts';
import { otherSide } from '../lifecycle/stages.ts';
import { tablePairSchema } from '../mapping/schema.ts';
import type { Dialect, SqlSession, TextRow } from '../testing/databases.ts';
import { createDatabaseOf, dropMysqlDatabases, openSql } from '../testing/databases.ts';
import { MUSIC_TABLES, musicShop } from '../testing/music-shop.ts';
import { verify } from '../verify/verify.ts';
import { relayOnce } from './relay.ts';

let closing: (() => Promise<void>)[] = [];
/** Some fifteen thousand rows there and back three times. */
jest.setTimeout(300_000);

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
  await dropMysqlDatabases();
});

interface Bed {
  synced: SyncedCapability;
  plain: Record<Side, SqlSession>;
  dialects: Record<Side, Dialect>;
}

/** A whole shop in the monolith's engine, and the empty tables of the same shop in the service's. */
async function openBed(dialects: Record<Side, Dialect>): Promise<Bed> {
  const [old, next] = [musicShop(dialects.monolith), musicShop(dialects.service)];
  const urls = {
    monolith: await createDatabaseOf(dialects.monolith, old.schema + old.rows),
    service: await createDatabaseOf(dialects.service, next.schema),
  };
  const plain = { monolith: await openSql(urls.monolith), service: await openSql(urls.service) };
  const databases = {
    monolith: openDatabase(urls.monolith, 'monolith'),
    service: openDatabase(urls.service, 'service music'),
  };
  closing.push(
    ...[plain.monolith, plain.service].map((session) => () => session.end()),
    ...[databases.monolith, databases.service].map((database) => () => database.close()),
  );
  const pairs = await Promise.all(
    MUSIC_TABLES.map(async (table) => {
      const { columns, primaryKey } = await databases.monolith.describe(old.name(table));
      const there = (name: string): string => next.name(snakeOf(name));
      const key = Object.fromEntries(primaryKey.map((name) => [name, there(name)]));
      const others = [...columns.keys()].filter((name) => !primaryKey.includes(name));
      return tablePairSchema.parse({
        from: old.name(table),
        to: next.name(table),
        key,
        columns: Object.fromEntries(others.map((name) => [name, { to: there(name), fits: true }])),
      });
    }),
  );
  const synced = await openSynced({
    ...{ name: 'music', service: 'music', pairs, databases },
    thresholds: { lagSeconds: 2, shadowSamples: 0, shadowMismatchPercent: 1, verifyMaxAgeMinutes: 60 },
    probe: async () => [],
    compareContracts: async () => null,
  });
  if (!synced) throw new Error('the music shop has tables');
  return { synced, plain, dialects };
}

const snakeOf = (name: string): string =>
  name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();

/** All rows of a table by plain SQL, in the order of the key, with the columns of the table in their order. */
async function rowsOf({ plain, dialects }: Bed, side: Side, table: string): Promise<(string | null)[][]> {
  const name = musicShop(dialects[side]).name(table);
  const quoted = dialects[side] === 'mysql' ? `\`${name}\`` : name;
  const rows: TextRow[] = await plain[side].sql(`SELECT * FROM ${quoted} ORDER BY 1, 2`);
  return rows.map((row) => Object.values(row));
}

async function expectEqual(bed: Bed): Promise<number> {
  let count = 0;
  for (const table of MUSIC_TABLES) {
    const here = await rowsOf(bed, 'monolith', table);
    expect([table, await rowsOf(bed, 'service', table)]).toEqual([table, here]);
    count += here.length;
  }
  return count;
}

/** An application's day on one side: each kind of change, over tables that refer to each other. */
async function trade(bed: Bed, side: Side, first: number): Promise<void> {
  const { name } = musicShop(bed.dialects[side]);
  const q = (snake: string): string => (bed.dialects[side] === 'mysql' ? `\`${name(snake)}\`` : name(snake));
  await bed.plain[side].sql(`
    BEGIN;
    INSERT INTO ${q('artist')} (${q('artist_id')}, ${q('name')}) VALUES (${first}, 'Mötley 東京');
    INSERT INTO ${q('album')} (${q('album_id')}, ${q('title')}, ${q('artist_id')}) VALUES (${first}, 'a ', ${first}), (${first + 1}, '', ${first});
    COMMIT;
    UPDATE ${q('track')} SET ${q('unit_price')} = ${q('unit_price')} + 0.10, ${q('album_id')} = ${first};
    UPDATE ${q('invoice')} SET ${q('invoice_date')} = '2024-02-29 23:59:59', ${q('total')} = 0;
    DELETE FROM ${q('invoice_line')} WHERE ${q('quantity')} > 0 AND ${q('track_id')} % 2 = 0;
    DELETE FROM ${q('playlist_track')} WHERE ${q('track_id')} = 1;
    INSERT INTO ${q('playlist_track')} (${q('playlist_id')}, ${q('track_id')}) VALUES (1, 1);
    INSERT INTO ${q('playlist')} (${q('playlist_id')}, ${q('name')}) VALUES (${first}, NULL);
    UPDATE ${q('playlist_track')} SET ${q('playlist_id')} = ${first} WHERE ${q('playlist_id')} = 1 AND ${q('track_id')} = 2;
    DELETE FROM ${q('album')} WHERE ${q('album_id')} = ${first + 1};`);
}

describe.each<[Dialect, Dialect]>([
  ['postgres', 'mysql'],
  ['mysql', 'postgres'],
])('a music shop that moves from %s to %s', (monolith, service) => {
  it('is copied, changed on either side in turn, and equal on both in the end', async () => {
    const bed = await openBed({ monolith, service });
    const { synced } = bed;
    await workOf('sync', 'legacy', true).run(synced, 1);
    const forward = streamFrom(synced, 'monolith', 1);
    const { signal } = new AbortController();
    await backfill(forward, { observe: () => undefined, signal });
    expect(await expectEqual(bed)).toBeGreaterThan(15);

    for (const [side, epoch] of [
      ['monolith', 1],
      ['service', 2],
      ['monolith', 3],
    ] as const) {
      const stream = streamFrom(synced, side, epoch);
      await trade(bed, side, 100_000 * epoch);
      while ((await relayOnce(stream)) > 0);
      await expectEqual(bed);
      expect(await verify(stream)).toMatchObject({ differences: 0, unsettled: 0, parked: 0 });
      const { databases, tables, name } = synced;
      const [here, there] = [databases[side], databases[otherSide(side)]];
      await here.raiseFence(name, tables[side], BigInt(epoch + 1), 5000);
      while ((await relayOnce(stream)) > 0);
      await here.becomeFollower(name, BigInt(epoch + 1), there.label);
      await there.becomeOwner(name, tables[otherSide(side)], BigInt(epoch + 1), BigInt(epoch + 1));
    }
  });
});
