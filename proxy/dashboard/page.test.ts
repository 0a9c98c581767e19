import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startControlBed, type ControlBed } from '../control/testing/control-bed.ts';
import { startCuttableWire } from '../control/testing/cuttable-wire.ts';
import { follow } from './stream/follow.ts';

const folder = import.meta.dirname;
const SECRET = 'open sesame';

let bed: ControlBed;
beforeAll(async () => {
  bed = await startControlBed({ tokens: [{ name: null, role: 'operator', secret: SECRET }] });
});
afterAll(() => bed.close());

describe('the page', () => {
  it('is served with everything it refers to, under a policy that allows nothing else', async () => {
    const page = await request(bed.url).get('/');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['content-security-policy']).toMatch(/script-src 'self';.*connect-src 'self'/);
    expect(page.headers['content-security-policy']).not.toMatch(/unsafe|https?:|\*/);
    const linked = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => String(path));
    const styles = await request(bed.url).get(linked.find((path) => path.endsWith('.css')) ?? 'none');
    const fonts = [...styles.text.matchAll(/url\((\/[^)]+)\)/g)].map(([, path]) => String(path));
    expect([linked.length, fonts.length]).toEqual([3, 2]);
    for (const path of [...linked, ...fonts])
      expect([path, (await request(bed.url).get(path)).status]).toEqual([path, 200]);
  });

  it('is kept by browsers as long as it stays the same, and asked for anew else', async () => {
    const page = await request(bed.url).get('/');
    expect(page.headers['cache-control']).toBe('no-cache');
    const script = /src="(\/assets\/[^"]+)"/.exec(page.text)?.[1] ?? 'none';
    expect((await request(bed.url).get(script)).headers['cache-control']).toContain('immutable');
  });

  it('holds no inline script, style or handler, and makes no markup of text', () => {
    const html = readFileSync(join(folder, 'dist', 'index.html'), 'utf8');
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/);
    const sources = readdirSync(folder, { recursive: true }).map(String);
    for (const file of sources.filter((one) => /^(?!dist).*\.tsx?$/.test(one) && !one.includes('.test.')))
      expect([file, readFileSync(join(folder, file), 'utf8')]).not.toEqual([
        file,
        expect.stringMatching(/innerHTML|outerHTML|insertAdjacentHTML|\beval\(/i),
      ]);
  });
});

describe('the live stream', () => {
  const realFetch = globalThis.fetch;
  afterEach(() => {
    globalThis.fetch = realFetch;
  });

  it('asks to sign in, tells what comes, and connects again from where it was', async () => {
    const wire = await startCuttableWire(bed.url);
    const heard: string[] = [];
    const asked: Record<string, string>[] = [];
    let token = '';
    const again = new Promise<void>((resolve) => {
      globalThis.fetch = (path, init) => {
        const headers = init?.headers as Record<string, string>;
        asked.push(headers);
        if (asked.length > 3) {
          resolve();
          // Never answered: this is where the test leaves the endless loop.
          return new Promise(() => {});
        }
        const signed = token === '' ? headers : { ...headers, authorization: `Bearer ${token}` };
        return realFetch(wire.url + (path as string), { ...init, headers: signed });
      };
    });
    void follow({
      alive: () => {},
      status: ({ migrations }) => {
        heard.push(`status of ${migrations.length}`);
        wire.cut();
      },
      problem: () => heard.push('problem'),
      lost: () => heard.push('lost'),
      locked: async () => {
        heard.push('locked');
        token = SECRET;
      },
    });
    await again;
    await wire.close();
    expect(heard).toEqual(['locked', 'status of 2', 'lost', 'status of 2', 'lost']);
    expect(asked.map((headers) => Number(headers['last-event-id'] ?? 0) > 0)).toEqual([
      ...[false, false, true, true],
    ]);
  });
});
