import { randomBytes } from 'node:crypto';
import type { ControlStore } from './store.ts';

/**
 * Unlogged: it costs no disk, and a crash or another server's taking over empties it instead of turning it back. A
 * counter that never goes back under its name needs no clock.
 */
export const PACE_SCHEMA = `
CREATE UNLOGGED TABLE IF NOT EXISTS strangler_control.pace (
  one boolean PRIMARY KEY DEFAULT true CHECK (one), generation text NOT NULL, driver text NOT NULL,
  tick bigint NOT NULL, applied jsonb NOT NULL);`;

/** How far the sync is, counted in ticks that it makes itself, and never two at once. */
export interface Pace {
  /** Name of the counter; another one says nothing about this one's ticks. */
  generation: string;
  tick: number;
}

/** What the store says of the pace. */
export interface PaceRecord extends Pace {
  /** Who moves it on. */
  driver: string;
  /** By migration: everything that its owner had committed when this tick was reached is applied. */
  applied: Readonly<Record<string, number>>;
}

/** Reads the pace; null when the store has none, or none any more. */
export async function readPace(store: ControlStore): Promise<PaceRecord | null> {
  const [row] = await store.query<Omit<PaceRecord, 'tick'> & { tick: string }>(
    'SELECT generation, driver, tick, applied FROM strangler_control.pace',
  );
  return row ? { ...row, tick: Number(row.tick) } : null;
}

/** Takes the pace over, or begins one. Whoever drove it before cannot move it any more. */
export async function takePace(store: ControlStore, driver: string): Promise<Pace> {
  const [row] = await store.query<{ generation: string; tick: string }>(
    `INSERT INTO strangler_control.pace (generation, driver, tick, applied) VALUES ($1, $2, 0, '{}')
     ON CONFLICT (one) DO UPDATE SET driver = excluded.driver RETURNING generation, tick`,
    [randomBytes(6).toString('base64url'), driver],
  );
  if (!row) throw new Error('an upsert has returned no row');
  return { generation: row.generation, tick: Number(row.tick) };
}

/**
 * Makes the next tick and tells what is applied, in one statement.
 *
 * @returns null when somebody else drives the pace now, or it is not where this driver left it
 */
export async function movePace(
  store: ControlStore,
  driver: string,
  { generation, tick }: Pace,
  applied: ReadonlyMap<string, number>,
): Promise<Pace | null> {
  const rows = await store.query(
    `UPDATE strangler_control.pace SET tick = tick + 1, applied = applied || $4::jsonb
     WHERE driver = $1 AND generation = $2 AND tick = $3 RETURNING tick`,
    [driver, generation, tick, JSON.stringify(Object.fromEntries(applied))],
  );
  return rows.length === 1 ? { generation, tick: tick + 1 } : null;
}
