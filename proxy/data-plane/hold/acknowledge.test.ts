import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  FakeFeed,
  openSocket,
  send,
  standing,
  startBed,
  until,
  type Bed,
  type BedOptions,
} from '../testing/bed.ts';

let bed: Bed;
const open: ServerResponse[] = [];
afterEach(async () => {
  open.length = 0;
  await bed.stop();
});

const start = async (options: BedOptions = {}): Promise<void> => {
  // The monolith answers when the test says so.
  bed = await startBed({
    feed: new FakeFeed(standing({ stage: 'canary' })),
    monolith: (req, res) => void req.resume().once('end', () => open.push(res)),
    ...options,
  });
};
const write = () => send(bed.proxy.url, 'POST', '/api/products/1', { body: 'x' });
const running = () => bed.proxy.stats().migrations['catalog']?.runningWrites;

async function writeRuns(count = 1): Promise<void> {
  await until(() => open.length >= count);
}

describe('acknowledging a journal position', () => {
  it('happens at the start and at once when nothing is running', async () => {
    await start();
    expect(bed.feed.acknowledged).toEqual([1]);
    const seq = bed.feed.change('catalog', { holdWrites: true });
    expect(bed.feed.acknowledged).toEqual([1, seq]);
  });

  it('a write decided before the hold and still running keeps the ack back', async () => {
    await start();
    const answer = write();
    await writeRuns();
    const seq = bed.feed.change('catalog', { holdWrites: true });
    expect(bed.feed.acknowledged).not.toContain(seq);
    // Half an answer is no end: the handler may still be writing.
    open[0]?.write('half');
    await send(bed.service.url, 'GET', '/');
    expect(bed.feed.acknowledged).not.toContain(seq);
    open[0]?.end('whole');
    await bed.feed.acknowledges(seq);
    expect((await answer).text).toBe('halfwhole');
  });

  it('a write that arrives during the hold waits and does not keep the ack back', async () => {
    await start();
    const seq = bed.feed.change('catalog', { holdWrites: true });
    const answer = write();
    await until(() => bed.proxy.stats().migrations['catalog']?.waitingWrites === 1);
    expect(bed.feed.acknowledged).toContain(seq);
    expect(bed.monolith.begun).toBe(0);
    bed.feed.change('catalog', { holdWrites: false, stage: 'extracted', owner: 'service', epoch: 2 });
    expect((await answer).json()['side']).toBe('service');
  });

  it('a write to the former owner keeps the ack of the flip back, also when a newer position comes in between', async () => {
    await start();
    const answer = write();
    await writeRuns();
    // This proxy sees the flip without ever having seen the hold.
    bed.feed.change('catalog', { stage: 'extracted', owner: 'service', epoch: 2 });
    const later = bed.feed.change('orders', { stage: 'dual-write' });
    expect(bed.feed.acknowledged).toEqual([1]);
    open[0]?.end();
    await bed.feed.acknowledges(later);
    expect(bed.feed.acknowledged).toEqual([1, later]);
    await answer;
  });

  it('a hold that is given up while a write runs is acknowledged at once', async () => {
    await start();
    const answer = write();
    await writeRuns();
    bed.feed.change('catalog', { holdWrites: true });
    const seq = bed.feed.change('catalog', { holdWrites: false });
    expect(bed.feed.acknowledged).toEqual([1, seq]);
    open[0]?.end();
    await answer;
  });

  it('running reads, and writes of other migrations, keep nothing back', async () => {
    await start({ service: (req, res) => void req.once('end', () => open.push(res)).resume() });
    const read = send(bed.proxy.url, 'GET', '/api/products/1');
    const other = send(bed.proxy.url, 'POST', '/elsewhere');
    await writeRuns(2);
    const seq = bed.feed.change('catalog', { holdWrites: true });
    expect(bed.feed.acknowledged).toContain(seq);
    for (const res of open) res.end();
    await Promise.all([read, other]);
  });

  it('a write whose client or upstream fails has ended', async () => {
    await start();
    const socket = await openSocket(bed.proxy.url);
    socket.write('POST /api/products/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    const other = write();
    await writeRuns(2);
    expect(running()).toBe(2);
    const seq = bed.feed.change('catalog', { holdWrites: true });
    socket.destroy();
    for (const res of open) res.socket?.destroy();
    await bed.feed.acknowledges(seq);
    expect((await other).status).toBe(502);
    expect(running()).toBe(0);
  });
});
