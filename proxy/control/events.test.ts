import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startControlBed, type ControlBed } from './testing/control-bed.ts';

interface Event {
  id: number;
  event: string;
  data: { migrations: { name: string; stage: string; epoch: number }[]; code?: string };
}

let bed: ControlBed;
const open: IncomingMessage[] = [];
beforeEach(async () => {
  bed = await startControlBed({ pace: { atLeastMs: 50, heartbeatMs: 60_000 } });
});
afterEach(async () => {
  for (const stream of open.splice(0)) stream.destroy();
  await bed.close();
});

async function connect(headers: Record<string, string> = {}) {
  const [response] = (await once(get(`${bed.url}/v1/events`, { headers }), 'response')) as [IncomingMessage];
  open.push(response);
  return { response, frames: framesOf(response) };
}

async function* framesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const frames = (rest + String(chunk)).split('\n\n');
    rest = frames.pop() ?? '';
    yield* frames;
  }
}

async function next(frames: AsyncGenerator<string>): Promise<Event> {
  const { value } = await frames.next();
  const fields = Object.fromEntries(
    String(value)
      .split('\n')
      .map((line) => line.split(/: (.*)/s).slice(0, 2)),
  );
  return { id: Number(fields.id), event: String(fields.event), data: JSON.parse(String(fields.data)) };
}

describe('the event stream', () => {
  it('sends the whole status at once, and again after a change, with growing ids', async () => {
    const { response, frames } = await connect();
    expect(response.headers['content-type']).toMatch(/^text\/event-stream/);
    const first = await next(frames);
    expect([first.event, first.data.migrations.map(({ name }) => name)]).toEqual([
      'status',
      ['catalog', 'orders'],
    ]);

    bed.lifecycle.migrations[0]!.stage = 'shadow';
    bed.lifecycle.announce();
    const second = await next(frames);
    expect(second.data.migrations[0]?.stage).toBe('shadow');
    expect(second.id).toBeGreaterThan(first.id);
  });

  it('folds a storm of changes into few events, the last of which is the latest', async () => {
    const { frames } = await connect();
    await next(frames);
    let reads = 0;
    bed.lifecycle.onStatus = () => (reads += 1);
    for (let epoch = 1; epoch <= 1000; epoch += 1) {
      bed.lifecycle.migrations[0]!.epoch = epoch;
      bed.lifecycle.announce();
    }
    expect((await next(frames)).data.migrations[0]?.epoch).toBe(1000);
    expect(reads).toBeLessThanOrEqual(2);
  });

  it('greets whoever was cut off with the present status and a higher id', async () => {
    const before = await connect();
    const seen = await next(before.frames);
    before.response.destroy();
    bed.lifecycle.migrations[1]!.stage = 'canary';

    const after = await connect({ 'last-event-id': String(seen.id) });
    const event = await next(after.frames);
    expect(event.data.migrations[1]?.stage).toBe('canary');
    expect(event.id).toBeGreaterThan(seen.id);
  });

  it('reads the status once for all readers, and not at all for none', async () => {
    let reads = 0;
    bed.lifecycle.onStatus = () => (reads += 1);
    const readers = await Promise.all([connect(), connect(), connect()]);
    const events = await Promise.all(readers.map(({ frames }) => next(frames)));
    expect(new Set(events.map(({ id }) => id)).size).toBeLessThanOrEqual(2);
    expect(reads).toBeLessThanOrEqual(2);
    expect(bed.lifecycle.listeners).toBe(1);
  });

  it('says why when the status cannot be read, and goes on when it can', async () => {
    bed.lifecycle.onStatus = () => {
      throw new Error('the database is away');
    };
    const { frames } = await connect();
    const problem = await next(frames);
    expect([problem.event, problem.data.code]).toEqual(['problem', 'failed']);

    bed.lifecycle.onStatus = () => {};
    bed.lifecycle.announce();
    expect((await next(frames)).event).toBe('status');
  });

  it('beats while nothing happens', async () => {
    const quick = await startControlBed({ pace: { atLeastMs: 1, heartbeatMs: 5 } });
    const [response] = (await once(get(`${quick.url}/v1/events`), 'response')) as [IncomingMessage];
    let seen = '';
    for await (const frame of framesOf(response)) {
      seen = frame;
      if (frame.startsWith(':')) break;
    }
    expect(seen).toBe(': heartbeat');
    response.destroy();
    await quick.close();
  });

  it('ends when the control API closes', async () => {
    const { response, frames } = await connect();
    await next(frames);
    const ended = once(response, 'end');
    const closed = bed.close();
    for await (const _rest of frames);
    await Promise.all([ended, closed]);
    bed = await startControlBed();
  });
});
