import { setTimeout as pause } from 'node:timers/promises';
import type { ControlClient, Schemas } from './client.ts';
import { CommandError } from './command-error.ts';

/** What the status does not hold of one migration. */
export interface Besides {
  traffic: Schemas['MigrationTraffic'];
  /** Null as long as the owner has never changed. */
  lastChange: Schemas['LastChange'] | null;
}

/** How both sides answer lately, and how the newest change of owner went. */
export async function readBesides(client: ControlClient, name: string): Promise<Besides> {
  const [traffic, lastChange] = await Promise.all([
    client.traffic(name),
    client.lastChange(name).catch((error: unknown) => {
      if (error instanceof CommandError && error.problem?.code === 'no-change-of-owner') return null;
      throw error;
    }),
  ]);
  return { traffic, lastChange };
}

/** Reads it now and then until told to stop; what could not be read stays as it was. */
export async function keepReadingBesides(
  client: ControlClient,
  name: string,
  everyMs: number,
  read: (besides: Besides) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await readBesides(client, name).then(read, () => undefined);
    await pause(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
