import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startControlBed, type ControlBed } from '../../proxy/control/testing/control-bed.ts';
import { startCuttableWire, type CuttableWire } from '../../proxy/control/testing/cuttable-wire.ts';
import { everyStage } from '../../proxy/dashboard/testing/every-stage.ts';
import { quarterOfAnHour } from '../../proxy/dashboard/testing/usage.ts';
import { ControlClient } from './client.ts';
import { Screen } from './show/screen.ts';
import { watchStatus } from './watch-status.ts';

let bed: ControlBed;
let wire: CuttableWire;
beforeEach(async () => {
  bed = await startControlBed({ pace: { atLeastMs: 1, heartbeatMs: 60_000 } });
  wire = await startCuttableWire(bed.url);
});
afterEach(async () => {
  await wire.close();
  await bed.close();
});

/** Watches on a terminal that a test can read. */
function watch(name?: string) {
  const out = Object.assign(new PassThrough(), { isTTY: true, columns: 160, getColorDepth: () => 1 });
  let drawn: string[] = [];
  out.setEncoding('utf8').on('data', (frame: string) => {
    drawn.push(frame);
    out.emit('drawn');
  });
  const screen = new Screen(false, out as never, out as never);
  const client = new ControlClient(wire.url, undefined, 'ada@desk');
  const stop = new AbortController();
  const ended = watchStatus({ client, screen }, name, stop.signal);
  ended.catch(() => undefined);
  /** The first picture from now on that fits. */
  const shows = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = drawn.find((frame) => pattern.test(stripVTControlCharacters(frame)));
      drawn = [];
      if (found !== undefined) return found;
      await once(out, 'drawn', { signal: AbortSignal.timeout(30_000) });
    }
  };
  return { shows, stop: () => stop.abort(), ended };
}

describe('status --watch on a terminal', () => {
  it('draws over what it drew, line by line, and follows what changes', async () => {
    const { shows, stop, ended } = watch();
    const first = await shows(/catalog +legacy[^]*● live, [\d:]+ \(Ctrl-C ends\)/);
    expect(first.startsWith('\u001b[H')).toBe(true);
    expect(first.endsWith('\n\u001b[J')).toBe(true);
    expect(first).not.toContain('\u001b[2J');
    for (const line of first.split('\n').slice(0, -1)) expect(line.endsWith('\u001b[K')).toBe(true);
    bed.lifecycle.migrations[0]!.stage = 'shadow';
    bed.lifecycle.announce();
    await shows(/catalog +shadow[^]*● live/);
    stop();
    await ended;
  });

  it('says that the connection is lost and how old the facts are, second by second, and heals by itself', async () => {
    const { shows, stop, ended } = watch();
    await shows(/● live/);
    wire.sever();
    await shows(/catalog +legacy[^]*✕ not live: .*; this is of [\d:]+, [12] s old/);
    await shows(/✕ not live: .*, [3-9] s old/);
    bed.lifecycle.migrations[0]!.stage = 'canary';
    wire.mend();
    await shows(/catalog +canary[^]*● live/);
    stop();
    await ended;
  });

  it('shows everything about one migration, and ends for one that there is not', async () => {
    const { shows, stop, ended } = watch('orders');
    await shows(/SERVICE +orders-service[^]*● live/);
    stop();
    await ended;
    await expect(watch('nowhere').ended).rejects.toThrow(
      /no migration "nowhere"; there are: catalog, orders/,
    );
  });

  it('shows each step of a move that is under way, and how long new writes have been waiting by now', async () => {
    const { shows, stop, ended } = watch();
    await shows(/● live/);
    const since = new Date().toISOString();
    bed.lifecycle.migrations[0]!.moving = { verb: 'cutover', phase: 'await-held', since, by: 'ada' };
    bed.lifecycle.announce();
    await shows(
      /cutover of catalog, begun by ada.*await-held\n +✓ The journal has that it began\n +→ Every proxy/,
    );
    const step = {
      ...{
        migration: 'catalog',
        verb: 'cutover' as const,
        epoch: 2,
        at: new Date().toISOString(),
        reason: null,
      },
    };
    const held = { step: 'await-held', title: 'hold', state: 'done', tookMs: 41, writesWaitMs: 41 } as const;
    bed.lifecycle.happen({ kind: 'step', step: { ...step, ...held } });
    const fence = { step: 'raise-fence', title: 'fence', state: 'begun', tookMs: null } as const;
    bed.lifecycle.happen({ kind: 'step', step: { ...step, ...fence, writesWaitMs: 42 } });
    await shows(
      /✓ Every proxy.*, 41 ms\n +→ The old owner’s tables[^]*New writes have been waiting for [1-9]/,
    );
    await shows(/waiting for [1-9][\d.]* s\./);
    stop();
    await ended;
  });

  it('shows how far it has come, what moves together and what is copied, with rate and time left', async () => {
    bed.lifecycle.migrations.splice(0, 2, ...everyStage());
    const { shows, stop, ended } = watch();
    const words = await shows(/● live/);
    expect(words).toMatch(/The services answer 22\.4 % of the routes/);
    expect(words).toContain('cart and wishlist move together: a move of one is a move of all.');
    expect(words).toContain('payments: backfill of refund: 1,200 of about 9,800 rows, 640 rows/s, 14 s left');
    stop();
    await ended;
  });

  it('shows old against new of one migration, and how long writes waited at the last change of owner', async () => {
    bed.lifecycle.traffic = async (name) => quarterOfAnHour(name);
    bed.lifecycle.change = {
      ...{ migration: 'catalog', verb: 'cutover', epoch: 2, by: 'ada', at: new Date().toISOString() },
      ...{ result: 'done', steps: [], writesWaited: { count: 3, p50: 20, p99: 80, max: 91.5 } },
    };
    const { shows, stop, ended } = watch('catalog');
    const words = await shows(/Old against new, over the last 60 s:/);
    expect(words).toMatch(/p99 +\d+ ms +1\d\d ms ! +/);
    expect(words).toMatch(
      /LAST CHANGE +cutover by ada, .*: done; 3 writes waited, 20 ms at the median, 92 ms at most/,
    );
    stop();
    await ended;
  });
});
