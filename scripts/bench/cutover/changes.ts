import { setTimeout as pause } from 'node:timers/promises';
import { ControlClient } from '../../commands/client.ts';
import type { Schemas } from '../../commands/client.ts';
import type { Bed } from './bed.ts';
import { MIGRATION } from './bed.ts';
import type { Writers } from './writers.ts';

const PATIENCE_MS = 120_000;
const LOOK_MS = 20;
const CALM_MS = 500;
/** A write that takes no longer than this when nothing moves did not wait. */
const USUAL = 0.99;
const KILL_WITHIN_MS = 300;
const LEASE_MS = 2000;

export interface OwnerChange {
  verb: 'cutover' | 'rollback';
  epoch: number;
  /** From the order to the moment in which the writes are released. */
  tookMs: number;
  /** Milliseconds that writes waited, by their clients' clocks, sorted: more than writes usually take. */
  held: number[];
  killed: string | null;
  /** How often it was given up before it was done. */
  givenUp: number;
}

type Status = Schemas['MigrationStatus'];

/** Brings the migration to the stage from which it can be cut over. */
export async function prepare(bed: Bed): Promise<void> {
  for (const verb of ['sync', 'shadow'] as const) await insist(bed, verb);
}

/** One change of owner under load, with or without a kill in it. */
export async function changeOwner(bed: Bed, writers: Writers, kills: boolean): Promise<OwnerChange> {
  const before = await until(bed, ({ moving, sync }) => moving === null && (sync?.lagChanges ?? 1e9) < 500);
  const verb = before.owner === 'monolith' ? 'cutover' : 'rollback';
  if (verb === 'cutover') await verified(bed);
  const calmSince = performance.now();
  await pause(CALM_MS);
  const from = performance.now();
  const usual = longest(writers, calmSince, from);
  const victim = kills ? (bed.parts[Math.floor(Math.random() * bed.parts.length)] ?? null) : null;
  const killing = victim && pause(Math.random() * KILL_WITHIN_MS).then(() => victim.kill());
  const givenUp = await insist(bed, verb);
  const { epoch } = await until(bed, ({ moving, owner }) => moving === null && owner !== before.owner);
  const to = performance.now();
  await killing;
  if (victim) {
    await victim.whenReady();
    // A move waits for everybody who has a lease, and nobody can know that its holder is dead.
    await pause(LEASE_MS);
  }
  // What was under way at the end of the move is still to be answered.
  await pause(CALM_MS);
  const held = writers
    .during(from, to)
    .map(({ sentAt, endedAt }) => (endedAt ?? performance.now()) - sentAt)
    .filter((ms) => ms > usual)
    .sort((a, b) => a - b);
  return { verb, epoch, tookMs: to - from, held, killed: victim?.name ?? null, givenUp };
}

function longest(writers: Writers, from: number, to: number): number {
  const took = writers
    .during(from, to)
    .map(({ sentAt, endedAt }) => (endedAt ?? to) - sentAt)
    .sort((a, b) => a - b);
  return took[Math.floor(took.length * USUAL)] ?? 0;
}

/** Orders the move until it is done, at whichever control process leads; says how often it was given up. */
async function insist(bed: Bed, verb: Schemas['Verb']): Promise<number> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  const isDone = stageIsReached(verb);
  for (let tries = 0, givenUp = 0; ; tries += 1) {
    const client = clientOf(bed, tries);
    const came = await client.move(MIGRATION, { verb }).catch((error: Error) => error.message);
    if (typeof came === 'object' && came.done) return givenUp;
    if (typeof came === 'object') givenUp += 1;
    const status = await until(bed, ({ moving }) => moving === null);
    // Whoever was killed had done it, or somebody else has.
    if (isDone(status)) return givenUp;
    if (performance.now() > giveUpAt) throw new Error(`${verb}: ${JSON.stringify(came)}`);
    await pause(LOOK_MS);
  }
}

function stageIsReached(verb: Schemas['Verb']): (status: Status) => boolean {
  return ({ stage, owner }) =>
    verb === 'cutover'
      ? owner === 'service'
      : verb === 'rollback'
        ? owner === 'monolith'
        : verb === 'shadow'
          ? stage === 'shadow'
          : stage === 'dual-write';
}

async function verified(bed: Bed): Promise<void> {
  const before = (await until(bed, () => true)).verify?.at;
  for (let tries = 0; tries < bed.controls.length; tries += 1)
    await clientOf(bed, tries)
      .verify(MIGRATION, { repair: false, dryRun: false })
      .catch(() => undefined);
  await until(bed, ({ verify }) => verify !== null && verify.at !== before && verify.state === 'done');
}

async function until(bed: Bed, fits: (status: Status) => boolean): Promise<Status> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (let tries = 0; ; tries += 1) {
    const status = await clientOf(bed, tries)
      .migration(MIGRATION)
      .catch(() => null);
    if (status && fits(status)) return status;
    if (performance.now() > giveUpAt)
      throw new Error(`it never comes; the status is ${JSON.stringify(status)}`);
    await pause(LOOK_MS);
  }
}

function clientOf({ controls }: Bed, tries: number): ControlClient {
  return new ControlClient(controls[tries % controls.length] ?? '', undefined, 'bench');
}
