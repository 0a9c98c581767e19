import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { startControlBed, type ControlBed } from '../../proxy/control/testing/control-bed.ts';
import { startCuttableWire, type CuttableWire } from '../../proxy/control/testing/cuttable-wire.ts';
import { freePorts } from '../testing/free-ports.ts';
import { ControlClient } from './client.ts';

let bed: ControlBed;
let wire: CuttableWire;
let client: ControlClient;
beforeEach(async () => {
  bed = await startControlBed();
  wire = await startCuttableWire(bed.url);
  client = new ControlClient(wire.url, undefined, 'ada@desk');
});
afterEach(async () => {
  await wire.close();
  await bed.close();
});

/** Lets a move begin and wait: resolves once it has begun, with the way to let it end. */
function moveThatWaits(): Promise<() => void> {
  return new Promise((begun) => {
    bed.lifecycle.onMove = () => new Promise((end) => begun(() => end({ detail: 'by the first order' })));
  });
}

it('an order whose connection breaks is asked for again, and carried out once', async () => {
  const begun = moveThatWaits();
  const moved = client.move('catalog', { verb: 'shadow' });
  const finish = await begun;
  wire.cut();
  finish();
  expect(await moved).toMatchObject({ to: 'shadow', detail: 'by the first order' });
  expect(bed.lifecycle.orders).toHaveLength(1);
});

it('an order that is still at work when it is asked for again is waited for', async () => {
  const begun = moveThatWaits();
  const moved = client.move('catalog', { verb: 'shadow' });
  const finish = await begun;
  const asked: number[] = [];
  const fetched = globalThis.fetch;
  const waited = new Promise<void>((resolve) => {
    globalThis.fetch = async (...args) => {
      const answer = await fetched(...args);
      asked.push(answer.status);
      if (asked.length === 2) resolve();
      return answer;
    };
  });
  wire.cut();
  await waited;
  finish();
  expect(await moved).toMatchObject({ to: 'shadow' });
  globalThis.fetch = fetched;
  expect(asked.slice(0, 2)).toEqual([409, 409]);
  expect(bed.lifecycle.orders).toHaveLength(1);
});

it('an order that cannot be asked for again says that it may have been carried out', async () => {
  const begun = moveThatWaits();
  const moved = client.move('catalog', { verb: 'shadow' });
  moved.catch(() => undefined);
  const finish = await begun;
  wire.sever();
  finish();
  await expect(moved).rejects.toThrow(/broke before the answer.*may have been carried out/);
});

it('two orders are two, and one that never arrived is not tried in vain', async () => {
  await client.move('catalog', { verb: 'shadow' });
  await client.move('catalog', { verb: 'shadow' });
  expect(bed.lifecycle.orders).toHaveLength(2);
  const [port] = await freePorts(1);
  const nowhere = new ControlClient(`http://127.0.0.1:${port}`, undefined, 'ada@desk');
  await expect(nowhere.move('catalog', { verb: 'shadow' })).rejects.toThrow(/No control API at/);
});
