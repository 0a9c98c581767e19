import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from '@jest/globals';
import type pg from 'pg';
import { PAIR, PairBed } from '../testing/pair-bed.ts';
import { replayControl } from '../testing/replay-control.ts';

let bed: PairBed;
async function begin(isShared: boolean): Promise<void> {
  bed = await PairBed.start(isShared);
  await bed.toShadow();
  bed.write();
  await bed.verify();
}
afterEach(() => bed.close(), 120_000);

/** Waits until the sides are what is wanted. */
async function rolesAre(wanted: readonly string[]): Promise<void> {
  const giveUpAt = Date.now() + 60_000;
  for (;;) {
    const found = await bed.roles();
    if (found.join() === wanted.join()) return;
    if (Date.now() > giveUpAt) throw new Error(`the sides never were ${wanted.join()}, but ${found.join()}`);
    await pause(2);
  }
}

/**
 * Orders a cutover and kills whoever carries it out once the sides are what is wanted. On a busy machine that may be over
 * before anybody has seen it, and the same begins again.
 */
async function killControlsWhile(wanted: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    let isOver = false;
    const ordered = bed
      .order('cutover', 'notes')
      .catch(() => undefined)
      .finally(() => (isOver = true));
    while (!isOver) {
      if ((await bed.roles()).join() !== wanted.join()) continue;
      bed.killControls();
      return void (await ordered);
    }
  }
  throw new Error(`the sides never were ${wanted.join()}`);
}

const ended = async (): Promise<string[]> =>
  Promise.all(
    PAIR.map(async (name) => {
      const { stage, owner } = await bed.until(name, ({ moving }) => moving === null);
      return `${stage} ${owner}`;
    }),
  );

/** Writes go on, none that was acknowledged is missing, and what was done is what the protocol allows. */
async function expectNothingLost(): Promise<void> {
  const before = PAIR.map((name) => bed.acknowledgedOf(name));
  const giveUpAt = Date.now() + 30_000;
  while (PAIR.some((name, i) => bed.acknowledgedOf(name) < (before[i] ?? 0) + 10)) {
    if (Date.now() > giveUpAt) throw new Error('writes do not go on');
    await pause(20);
  }
  expect(await bed.faults()).toEqual([]);
  expect(await replayControl(bed.store)).toMatchObject({ wrong: [] });
}

async function locking(client: pg.Client, statement: string, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  await client.query(statement);
  try {
    await work();
  } finally {
    await client.query('ROLLBACK');
  }
}

it('two that move together are cut over and taken back by one order each, under load', async () => {
  await begin(false);
  expect(await bed.order('cutover', 'tags')).toMatchObject({ done: true, detail: 'together with notes' });
  expect(await ended()).toEqual(['extracted service', 'extracted service']);
  expect(await bed.order('rollback', 'notes')).toMatchObject({ done: true });
  expect(await ended()).toEqual(['shadow monolith', 'shadow monolith']);
  await expectNothingLost();
}, 120_000);

it('two that share a table move it once, there and back, and its owner is the owner of both', async () => {
  await begin(true);
  const stray = (client: pg.Client, table: string): Promise<string> =>
    client.query(`INSERT INTO ${table} VALUES (-1, 'stray')`).then(
      () => 'taken',
      (error: Error) => error.message,
    );
  expect(await stray(bed.clients.tags, 'notice')).toContain('is fenced');
  expect(await bed.order('cutover', 'tags')).toMatchObject({ done: true });
  expect(await ended()).toEqual(['extracted service', 'extracted service']);
  expect(await stray(bed.clients.monolith, 'note')).toContain('migration "notes" is owned by service notes');
  await bed.verify();
  expect(await bed.order('rollback', 'tags')).toMatchObject({ done: true });
  expect(await ended()).toEqual(['shadow monolith', 'shadow monolith']);
  await bed.verify();
  await expectNothingLost();
}, 120_000);

it('kill -9 with the fence of only one standing: both stay with the monolith', async () => {
  await begin(false);
  await locking(bed.clients.monolith, `INSERT INTO tag VALUES (0, 'stays open')`, async () => {
    await killControlsWhile(['fenced follower', 'owner follower']);
  });
  expect(await ended()).toEqual(['shadow monolith', 'shadow monolith']);
  await rolesAre(['owner follower', 'owner follower']);
  await expectNothingLost();
}, 120_000);

it('kill -9 with only one of them open: both go to their services', async () => {
  await begin(false);
  await locking(bed.clients.tags, 'LOCK TABLE label IN ROW EXCLUSIVE MODE', async () => {
    await killControlsWhile(['follower owner', 'follower follower']);
  });
  expect(await ended()).toEqual(['extracted service', 'extracted service']);
  await rolesAre(['follower owner', 'follower owner']);
  await expectNothingLost();
}, 120_000);
