import { setTimeout as pause } from 'node:timers/promises';
import type { ControlClient, Schemas } from './client.ts';
import { CommandError } from './command-error.ts';
import { EXIT } from './exit-codes.ts';

interface Following {
  signal?: AbortSignal;
  /** Called with the reason when the stream breaks, and when the server cannot read the status. */
  onTrouble?: (detail: string) => void;
  /** Called with each step of a change of owner. */
  onStep?: (step: Schemas['ChangeStep']) => void;
  /** How long a broken stream is tried again before the command gives up. */
  giveUpAfterMs?: number;
}

/** Three heartbeats: a connection that is silent for longer is dead, whatever the kernel thinks of it. */
const SILENCE_MS = 15_000;
const RETRY_MS = 250;
const SLOWEST_RETRY_MS = 5_000;

/**
 * The status now and after each change. A stream that breaks is taken up again from the last event; the first
 * connection must succeed, so that a wrong address shows at once.
 */
export async function* followStatus(
  client: ControlClient,
  { signal, onTrouble = () => {}, onStep = () => {}, giveUpAfterMs = 60_000 }: Following = {},
): AsyncGenerator<Schemas['StatusEvent']> {
  const stop = signal ?? new AbortController().signal;
  const last = { id: '', at: Date.now(), wait: RETRY_MS };
  while (!stop.aborted) {
    try {
      for await (const frame of readFrames(client, last.id, stop)) {
        Object.assign(last, { id: frame.id, at: Date.now(), wait: RETRY_MS });
        if (frame.event === 'status') yield JSON.parse(frame.data) as Schemas['StatusEvent'];
        if (frame.event === 'step') onStep(JSON.parse(frame.data) as Schemas['ChangeStep']);
        if (frame.event === 'problem') onTrouble((JSON.parse(frame.data) as Schemas['Problem']).detail);
      }
      onTrouble('the control API ended the stream');
    } catch (error) {
      if (stop.aborted) return;
      if (last.id === '' || isRefusal(error) || Date.now() - last.at > giveUpAfterMs) throw error;
      onTrouble('the connection to the control API is lost');
    }
    await pause(last.wait, undefined, { signal: stop }).catch(() => {});
    last.wait = Math.min(last.wait * 1.6, SLOWEST_RETRY_MS);
  }
}

interface Waiting {
  /** In seconds; forever when left out. */
  timeout?: number | undefined;
  onTrouble: (detail: string) => void;
}

/** Follows one migration until `isDone` says so; `waitsFor` names in words what that is. */
export async function waitUntil(
  client: ControlClient,
  name: string,
  waitsFor: string,
  isDone: (migration: Schemas['MigrationStatus']) => boolean,
  { timeout, onTrouble }: Waiting,
): Promise<Schemas['MigrationStatus']> {
  const limit = timeout === undefined ? new AbortController().signal : AbortSignal.timeout(timeout * 1000);
  for await (const { migrations } of followStatus(client, { signal: limit, onTrouble })) {
    const migration = migrations.find((one) => one.name === name);
    if (!migration)
      throw new CommandError(EXIT.failed, `The migration ${name} is gone from the configuration.`);
    if (isDone(migration)) return migration;
  }
  throw new CommandError(
    EXIT.timedOut,
    `${name}: ${waitsFor} took longer than ${timeout ?? 0} s; it goes on: see \`strangler status ${name} --watch\`.`,
  );
}

function isRefusal(error: unknown): boolean {
  return error instanceof CommandError && error.problem !== null;
}

async function* readFrames(client: ControlClient, lastId: string, stop: AbortSignal) {
  const silence = new AbortController();
  const hush = () => silence.abort();
  let timer = setTimeout(hush, SILENCE_MS);
  try {
    const { body } = await client.events(lastId, AbortSignal.any([stop, silence.signal]));
    let rest = '';
    for await (const chunk of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer);
      timer = setTimeout(hush, SILENCE_MS);
      const frames = (rest + chunk).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) if (!frame.startsWith(':')) yield parse(frame);
    }
  } finally {
    clearTimeout(timer);
  }
}

function parse(frame: string): { id: string; event: string; data: string } {
  const fields = { id: '', event: '', data: '' };
  for (const line of frame.split('\n')) {
    const [, name, value] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
    if (name !== undefined) fields[name as keyof typeof fields] += value ?? '';
  }
  return fields;
}
