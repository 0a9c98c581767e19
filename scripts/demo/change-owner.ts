import { setTimeout as pause } from 'node:timers/promises';
import type { ProxyStats } from '../../proxy/data-plane/stats.ts';
import { move } from './gates.ts';
import { milliseconds } from './narrator.ts';
import { reading } from './read-side.ts';
import type { Mover } from './scene.ts';
import type { Times } from './tally.ts';

/** One change of owner, and how long writes waited for it. */
export interface OwnerChange {
  verb: 'cutover' | 'rollback';
  epoch: number;
  /** From the first entry in the journal to the last. */
  tookMs: number;
  /** By the proxy's own figures: only the writes that it made wait. */
  held: Times;
  /** By the clients' clocks: every write that was under way meanwhile, from request to answer. */
  clients: Times;
}

const REPORTS = `
  SELECT value FROM strangler_control.report WHERE name LIKE 'traffic:%' AND at > $1::timestamptz`;

const NONE: Times = { count: 0, p50: null, p99: null, max: 0 };
const REPORT_PATIENCE_MS = 10_000;

/** Moves the owner with one command, and says how long writes waited. */
export async function changeOwner(
  scene: Mover,
  verb: OwnerChange['verb'],
  reason: string,
): Promise<OwnerChange> {
  await move(scene, { verb }, ['--reason', reason]);
  const { epoch } = await scene.control.migration(scene.migration);
  const entries = (await scene.control.journal(scene.migration)).filter((entry) => entry.epoch === epoch);
  const times = entries.map(({ at }) => Date.parse(at));
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const change = {
    verb,
    epoch,
    tookMs: to - from,
    held: await heldBy(scene.databases.control, scene.migration, epoch),
    clients: scene.tally.writesDuring(from, to),
  };
  const { held, clients } = change;
  scene.narrator.good(
    `${held.count} writes waited in the proxy: p50 ${milliseconds(held.p50)}, p99 ${milliseconds(held.p99)}, ` +
      `max ${milliseconds(held.max)}`,
  );
  scene.narrator.say(
    `By the clients' clocks ${clients.count} writes were under way meanwhile, the slowest for ${milliseconds(clients.max)}.`,
  );
  return change;
}

/** The proxy reports once a second: the figures are read from a report that is newer than the move. */
async function heldBy(control: string, migration: string, epoch: number): Promise<Times> {
  const after = new Date().toISOString();
  const until = Date.now() + REPORT_PATIENCE_MS;
  for (;;) {
    const stats = await reading(control, async (client) => {
      const { rows } = await client.query<{ value: ProxyStats }>(REPORTS, [after]);
      return rows[0]?.value;
    });
    if (stats) return stats.migrations[migration]?.heldByEpoch[epoch] ?? NONE;
    if (Date.now() > until) throw new Error('the proxy has not reported for ten seconds');
    await pause(100);
  }
}
