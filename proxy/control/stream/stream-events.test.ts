import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startControlBed, type ControlBed } from '../testing/control-bed.ts';
import { startCuttableWire } from '../testing/cuttable-wire.ts';
import { journaled, stepped } from '../testing/memory-lifecycle.ts';

interface Event {
  id: string;
  /** The number in it. */
  at: number;
  event: string;
  data: {
    migrations: { name: string; stage: string; epoch: number; routes: object[] }[];
    code?: string;
    seq: number;
    step: string;
    why: string;
  };
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

async function connect(headers: Record<string, string> = {}, url = bed.url, query = '') {
  const asked = get(`${url}/v1/events${query}`, { headers });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
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
  const id = String(fields.id);
  const at = Number(id.split('-').at(-1));
  return { id, at, event: String(fields.event), data: JSON.parse(String(fields.data)) };
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
    expect(second.at).toBeGreaterThan(first.at);
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

    const after = await connect({ 'last-event-id': seen.id });
    const event = await next(after.frames);
    expect(event.data.migrations[1]?.stage).toBe('canary');
    expect(event.at).toBeGreaterThan(seen.at);
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

  const entry = (seq: number) => ({ kind: 'journal' as const, entry: journaled({ seq }) });

  it('goes on after each cut with every entry and step, in order, each once', async () => {
    const wire = await startCuttableWire(bed.url);
    const TOTAL = 400;
    const told = (async () => {
      for (let n = 1; n <= TOTAL; n += 1) {
        bed.lifecycle.happen(n % 2 === 0 ? entry(n) : { kind: 'step', step: stepped({ step: String(n) }) });
        if (n % 50 === 0) bed.lifecycle.announce();
        if (n % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
        if (n % 70 === 0) wire.cut();
      }
    })();
    const seen: number[] = [];
    let lastId = '';
    for (let tries = 0; seen.at(-1) !== TOTAL; tries += 1) {
      expect(tries).toBeLessThan(100);
      try {
        // The first connection has to be there before anything happens: what was before it, nobody asked for.
        const { frames } = await connect(lastId === '' ? {} : { 'last-event-id': lastId }, wire.url);
        while (seen.at(-1) !== TOTAL) {
          const { id, event, data } = await next(frames);
          lastId = id;
          expect(event).not.toBe('reset');
          if (event === 'journal') seen.push(data.seq);
          if (event === 'step') seen.push(Number(data.step));
        }
      } catch {
        // It was cut: connect again.
      }
    }
    await told;
    await wire.close();
    expect(seen).toEqual(Array.from({ length: TOTAL - (seen[0] ?? 0) + 1 }, (_, i) => (seen[0] ?? 0) + i));
    expect(seen.length).toBeGreaterThan(TOTAL / 2);
  });

  it('keeps for who is away what happens while nobody reads', async () => {
    const before = await connect();
    const seen = await next(before.frames);
    before.response.destroy();
    await once(before.response, 'close');
    for (let seq = 7; seq <= 9; seq += 1) bed.lifecycle.happen(entry(seq));
    const { frames } = await connect({ 'last-event-id': seen.id });
    const events = [await next(frames), await next(frames), await next(frames), await next(frames)];
    expect(events.map(({ event, data }) => [event, data.seq])).toEqual([
      ['journal', 7],
      ['journal', 8],
      ['journal', 9],
      ['status', undefined],
    ]);
  });

  it('says that it does not know the position of another process, and then everything', async () => {
    const { frames } = await connect({ 'last-event-id': 'c0ffee-12' });
    const reset = await next(frames);
    expect([reset.event, reset.data.why]).toEqual([
      'reset',
      expect.stringMatching(/another process.*read anew/),
    ]);
    expect((await next(frames)).event).toBe('status');
  });

  it('says when what happened meanwhile is not kept any more', async () => {
    const before = await connect();
    const seen = await next(before.frames);
    before.response.destroy();
    for (let seq = 1; seq <= 6000; seq += 1) bed.lifecycle.happen(entry(seq));
    const { frames } = await connect({ 'last-event-id': seen.id });
    const [reset, first] = [await next(frames), await next(frames)];
    expect([reset.event, first.event, first.data.seq]).toEqual(['reset', 'journal', 1001]);
  });

  it('is lean for who wants no routes', async () => {
    const [all, none] = await Promise.all([connect(), connect({}, bed.url, '?routes=none')]);
    expect((await next(all.frames)).data.migrations[0]?.routes.length).toBe(1);
    expect((await next(none.frames)).data.migrations[0]?.routes).toEqual([]);
    const wrong = await fetch(`${bed.url}/v1/events?routes=some`);
    expect([wrong.status, ((await wrong.json()) as { code: string }).code]).toEqual([400, 'bad-request']);
  });

  it('ends for a page that has signed out', async () => {
    const token = { name: 'ada', role: 'viewer', secret: 'the secret of ada' } as const;
    const locked = await startControlBed({ tokens: [token], pace: { atLeastMs: 1, heartbeatMs: 20 } });
    const sessionUrl = `${locked.url}/v1/session`;
    const headers = { 'content-type': 'application/json' };
    const signedIn = await fetch(sessionUrl, {
      ...{ method: 'POST', headers, body: JSON.stringify({ token: token.secret }) },
    });
    const cookie = String(signedIn.headers.get('set-cookie')?.split(';')[0]);
    const { csrfToken } = (await signedIn.json()) as { csrfToken: string };
    const { response, frames } = await connect({ cookie }, locked.url);
    await next(frames);
    const ended = once(response, 'end');
    await fetch(sessionUrl, { method: 'DELETE', headers: { cookie, 'x-strangler-csrf': csrfToken } });
    for await (const _rest of frames);
    await ended;
    await locked.close();
  });
});
