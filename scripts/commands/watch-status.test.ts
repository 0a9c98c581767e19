import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startControlBed, type ControlBed } from '../../proxy/control/testing/control-bed.ts';
import { startCuttableWire, type CuttableWire } from '../../proxy/control/testing/cuttable-wire.ts';
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
});
