import { setTimeout as pause } from 'node:timers/promises';
import { NotDoneError } from '../not-done.ts';
import { otherSide } from '../sides.ts';
import type { Sql } from '../sides.ts';
import type { Fault } from './fault.ts';

/** Where the rows are that come again and again, on either side. */
const TABLES = { monolith: ['tokn', 'tokn_id'], service: ['token', 'id'] } as const;

const EVENTS = ['INSERT', 'UPDATE'] as const;

/** Refuses rows for which this holds, and leaves those alone that are there: in MySQL no constraint does. */
async function refuse(sql: Sql, table: string, which: string): Promise<void> {
  if (sql.dialect === 'postgres') {
    return void (await sql(`ALTER TABLE ${table} ADD CONSTRAINT poisoned CHECK (NOT (${which})) NOT VALID`));
  }
  for (const event of EVENTS) {
    // A statement about triggers is not undone with its transaction: the first may be there from the last attempt.
    await sql(`DROP TRIGGER IF EXISTS poisoned_${event}`);
    await sql(`CREATE TRIGGER poisoned_${event} BEFORE ${event} ON ${table} FOR EACH ROW
      IF NEW.${which} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poisoned'; END IF`);
  }
}

async function accept(sql: Sql, table: string): Promise<void> {
  if (sql.dialect === 'postgres') return void (await sql(`ALTER TABLE ${table} DROP CONSTRAINT poisoned`));
  for (const event of EVENTS) await sql(`DROP TRIGGER IF EXISTS poisoned_${event}`);
}

const PATIENCE_MS = 60_000;

/**
 * On a busy machine a comparison or the sync may hold the table for longer than one wait for its lock lasts, and a server
 * that crashed a moment ago refuses at once while it recovers.
 */
async function patiently(change: () => Promise<void>): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await change();
    } catch (error) {
      if (!(error instanceof NotDoneError) || performance.now() > giveUpAt) throw error;
    }
    await pause(200);
  }
}

/**
 * The following side refuses some values for a while: they are parked, and what comes later of their keys waits. Then
 * the refusal is mended, and all of it has to arrive though nobody writes it again.
 */
export const poison: Fault = {
  kind: 'poison rows',
  strike: (scene, random) =>
    // While it lasts, nobody changes the owner: the refusal is meant for the side that follows.
    scene.moves.alone(async () => {
      const { moves, sides, writers } = scene;
      const follower = otherSide(await moves.owner());
      const [table, key] = TABLES[follower];
      const rest = random.below(5);
      const database = sides[follower];
      await patiently(() => database.transaction((sql) => refuse(sql, table, `${key} % 5 = ${rest}`)));
      let parked = 0;
      try {
        await writers.more(60);
        const status = await moves.until('something is parked', ({ sync }) => (sync?.parked ?? 0) > 0);
        parked = status.sync?.parked ?? 0;
        await pause(random.below(1500));
        // So that what waits behind them is not covered by later writes.
        await writers.rest();
      } finally {
        await patiently(() => database.transaction((sql) => accept(sql, table)));
      }
      await moves
        .until('nothing is parked any more', ({ sync }) => sync?.parked === 0 && sync.state === 'live')
        .finally(() => writers.resume());
      return `${parked} parked at the ${follower}, then mended`;
    }),
};
