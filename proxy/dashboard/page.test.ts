import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startControlBed, type ControlBed } from '../control/testing/control-bed.ts';
import type { MigrationStatus } from '../control/lifecycle.ts';
import { startCuttableWire } from '../control/testing/cuttable-wire.ts';
import { migrationNamed } from '../control/testing/memory-lifecycle.ts';

const folder = import.meta.dirname;
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const load = async <Module>(file: string) => (await import(pathToFileURL(join(folder, file)).href)) as Module;
const MODULES = ['page.js', 'follow.js', 'draw.js', 'words.js'];

let bed: ControlBed;
beforeAll(async () => {
  bed = await startControlBed({ tokens: [{ name: null, role: 'operator', secret: 'open sesame' }] });
});
afterAll(() => bed.close());

describe('the page', () => {
  it('is served with everything it refers to, under a policy that allows nothing else', async () => {
    const page = await request(bed.url).get('/');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['content-security-policy']).toMatch(/script-src 'self';.*connect-src 'self'/);
    const imported = MODULES.flatMap((file) => [...read(file).matchAll(/from '\.(\/.+?)'/g)]);
    const linked = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)];
    const wanted = new Set([...linked, ...imported].map(([, path]) => String(path)));
    expect(wanted.size).toBeGreaterThan(4);
    for (const path of wanted) expect([path, (await request(bed.url).get(path)).status]).toEqual([path, 200]);
  });

  it('holds no inline script, style or handler, and makes no markup of text', () => {
    expect(read('index.html')).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/);
    for (const file of MODULES)
      expect(read(file)).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|\beval\b/);
  });

  it('has every element that its modules look for', () => {
    const ids = MODULES.flatMap((file) => [...read(file).matchAll(/byId\('([^']+)'\)/g)].map(([, id]) => id));
    expect(ids.length).toBeGreaterThan(5);
    for (const id of ids) expect(read('index.html')).toContain(`id="${id}"`);
  });
});

/** As much of a document as `draw` uses: what it was given stays visible as text. */
class FakeElement {
  dataset: Record<string, string> = {};
  attributes: Record<string, string> = {};
  children: (FakeElement | string)[] = [];
  className = '';
  hidden = false;
  readonly tag: string;
  constructor(tag: string) {
    this.tag = tag;
  }
  append(...children: (FakeElement | string)[]) {
    this.children.push(...children);
  }
  replaceChildren(...children: FakeElement[]) {
    this.children = children;
  }
  setAttribute(name: string, value: string) {
    this.attributes[name] = value;
  }
  get text(): string {
    return this.children.map((child) => (typeof child === 'string' ? child : child.text)).join('|');
  }
}

describe('the tables', () => {
  const elements = new Map<string, FakeElement>();
  const byId = (id: string) => {
    const found = elements.get(id) ?? new FakeElement('div');
    elements.set(id, found);
    return found;
  };
  beforeAll(() => {
    const document = { getElementById: byId, createElement: (tag: string) => new FakeElement(tag) };
    Object.assign(globalThis, { document });
  });
  afterAll(() => {
    Reflect.deleteProperty(globalThis, 'document');
  });

  it('show every side of a migration in words', async () => {
    const { draw } = await load<{ draw: (migrations: MigrationStatus[]) => void }>('draw.js');
    const now = new Date().toISOString();
    draw([
      migrationNamed('<b>orders</b>', {
        stage: 'canary',
        weightSet: 12.5,
        weightActual: 12.34,
        sync: {
          from: 'monolith',
          to: 'service',
          state: 'backfill',
          detail: 'waits for the lag',
          lagSeconds: 3,
          lagChanges: 1200,
          parked: 2,
          parkedKeys: 2,
          applied: 0,
          changesPerSecond: 0,
          drift: [],
          slot: null,
          followerSlot: null,
          unreadable: 0,
          backfill: [
            { table: 'orders', rows: 500, total: 2000, rowsPerSecond: 50, secondsLeft: 30, done: false },
          ],
          reportedAt: now,
        },
        verify: {
          state: 'done',
          at: now,
          rowsCompared: 5000,
          rowsTotal: 5000,
          rowsPerSecond: 1,
          differences: 3,
          repaired: 1,
          details: ['orders 7: total differs'],
        },
        next: 'cutover',
        waitsFor: ['lag is 3 s, must be below 2 s'],
        back: 'rollback',
        ramp: {
          steps: ['5 % for 10 min', '100 % for 5 min'],
          step: 1,
          secondsLeft: 200,
          reads: { soFar: 3, needed: 100 },
          waitsFor: ['more traffic: 3 of 100 reads of the service in the window'],
        },
      }),
      migrationNamed('cart', {
        takenBack: { at: now, weight: 25, why: ['lag: 12 s, at most 10 s, now'] },
      }),
    ]);
    const { text } = byId('migration-rows');
    for (const words of [
      '<b>orders</b>',
      'canary',
      '12.5 % set',
      '12.3 % measured',
      'backfill, 2 parked',
      'orders: 500 of about 2,000 rows, 50 rows/s, 30 s left',
      '3 differences in 5,000 rows, 1 repaired',
      'orders 7: total differs',
      'cutover waits for 1',
      'lag is 3 s, must be below 2 s',
      'way back: rollback',
      'ramp: step 1 of 2, 5 % for 10 min: 3 min left, 3 of 100 reads',
      'more traffic: 3 of 100 reads of the service in the window',
      'taken back from 25 %: lag: 12 s, at most 10 s, now',
    ]) {
      expect(text).toContain(words);
    }
    expect(byId('route-rows').text).toContain('GET|reads');
    expect(byId('no-migrations').hidden).toBe(true);
  });
});

describe('the live stream', () => {
  const realFetch = globalThis.fetch;
  afterEach(() => {
    globalThis.fetch = realFetch;
  });

  it('asks for the token, shows what comes, and connects again from where it was', async () => {
    const { follow } = await load<{ follow: (token: () => string | null, listener: object) => unknown }>(
      'follow.js',
    );
    const wire = await startCuttableWire(bed.url);
    const heard: string[] = [];
    const asked: Record<string, string>[] = [];
    let token: string | null = null;
    const again = new Promise<void>((resolve) => {
      globalThis.fetch = (path, init) => {
        asked.push(init?.headers as Record<string, string>);
        if (asked.length > 3) {
          resolve();
          // Never answered: this is where the test leaves the endless loop.
          return new Promise(() => {});
        }
        return realFetch(wire.url + (path as string), init);
      };
    });
    void follow(() => token, {
      alive: () => {},
      status: ({ migrations }: { migrations: unknown[] }) => {
        heard.push(`status of ${migrations.length}`);
        wire.cut();
      },
      problem: () => heard.push('problem'),
      lost: () => heard.push('lost'),
      locked: async () => {
        heard.push('locked');
        token = 'open sesame';
      },
    });
    await again;
    await wire.close();
    expect(heard).toEqual(['locked', 'status of 2', 'lost', 'status of 2', 'lost']);
    expect(asked.map((headers) => Number(headers['last-event-id'] ?? 0) > 0)).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});
