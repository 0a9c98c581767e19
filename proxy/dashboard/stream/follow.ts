import type { components } from '../../control/api.gen.ts';
import { framesOf, type Frame } from './frames.ts';

type Schemas = components['schemas'];

export interface Listener {
  /** Something came, a heartbeat at least. */
  alive(): void;
  status(event: Schemas['StatusEvent']): void;
  problem(problem: Schemas['Problem']): void;
  lost(): void;
  /** Nobody is signed in; resolves when somebody may be. */
  locked(): Promise<void>;
}

/** Three heartbeats. */
const SILENCE_MS = 15_000;
const RETRY_MS = 1_000;
const SLOWEST_RETRY_MS = 10_000;

/** Follows the control API for ever. Not an EventSource, for that cannot tell a lost connection from an ended session. */
export async function follow(listener: Listener): Promise<never> {
  let lastId = '';
  let wait = RETRY_MS;
  for (;;) {
    try {
      const body = await connect(lastId, listener);
      if (body === 'locked') continue;
      for await (const frame of framesOf(body, SILENCE_MS, () => listener.alive())) {
        wait = RETRY_MS;
        lastId = frame.id || lastId;
        tell(frame, listener);
      }
    } catch {
      // Whatever broke the connection, the answer is the same: say so, wait, connect again.
    }
    listener.lost();
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 1.6, SLOWEST_RETRY_MS);
  }
}

async function connect(lastId: string, listener: Listener): Promise<ReadableStream<Uint8Array> | 'locked'> {
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (lastId) headers['last-event-id'] = lastId;
  const response = await fetch('/v1/events', { headers, cache: 'no-store' });
  if (response.ok && response.body) return response.body;
  const problem = (await response.json()) as Schemas['Problem'];
  if (problem.code !== 'unauthorized') throw new Error(problem.detail);
  await listener.locked();
  return 'locked';
}

function tell({ event, data }: Frame, listener: Listener): void {
  if (event === 'status') listener.status(JSON.parse(data) as Schemas['StatusEvent']);
  if (event === 'problem') listener.problem(JSON.parse(data) as Schemas['Problem']);
}
