import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { Report } from '../../migrations/lifecycle/store.ts';
import type { ShadowCounts } from '../../proxy/data-plane/shadow/findings.ts';
import { basisOf, withIgnored } from '../../proxy/data-plane/shadow/rules.ts';
import { shadowSchema } from '../../proxy/data-plane/shadow/schema.ts';
import { readConfig } from '../config/read.ts';
import { reportFindings, ShadowEvidence } from './shadow-evidence.ts';

const SINCE = '2026-01-02T00:00:00.000Z';
const SHADOW = shadowSchema.parse({ ignore: [{ path: '$.at', reason: 'a clock' }] });
const BASIS = basisOf(SINCE, SHADOW);

const folder = mkdtempSync(join(tmpdir(), 'strangler-shadow-'));
afterAll(() => rmSync(folder, { recursive: true }));

const config = (shadow: object = { ignore: SHADOW.ignore }) => {
  const routes = ['GET,POST /a', '* /b/*', { method: 'GET', path: '/buy', as: 'writes' }, 'GET /c'];
  const file = join(folder, 'strangler.yaml');
  const text = {
    version: 1,
    monolith: { url: 'http://127.0.0.1:1' },
    services: { shop: { url: 'http://127.0.0.1:2' } },
    migrations: { catalog: { service: 'shop', routes, shadow } },
  };
  writeFileSync(file, JSON.stringify(text));
  return readConfig(file, {});
};

const counts = (compared: number, differed: number): ShadowCounts => ({
  ...{ compared, differed, agreed: compared - differed },
  ...{ dropped: 1, tooBig: 0, noVerdict: 2 },
});
const traffic = (operations: Record<string, ShadowCounts>, basis = BASIS) => {
  const total = Object.values(operations).reduce((sum, each) => sum + each.compared, 0);
  const differed = Object.values(operations).reduce((sum, each) => sum + each.differed, 0);
  const shadow = { basis, ...counts(total, differed), examples: ['GET /a …'], operations };
  return { migrations: { catalog: { shadow } } };
};
const field = (name: string, count: number, at: string) => ({
  ...{ field: name, count, first: at, last: at },
  examples: [1, 2].map((each) => ({ at, target: `/a?${each}`, place: name, monolith: '1', service: '2' })),
});
const findings = (basis: string, fields: ReturnType<typeof field>[]) => ({
  catalog: {
    basis,
    operations: { 'GET /a': { fields, unlisted: 1, noise: [{ field: '$.n', excused: 5 }] } },
  },
});

const ordered = (path: string) => ({ path, actor: 'ann', reason: 'rounded', at: SINCE });

function evidenceOf(values: Record<string, unknown>, ignored: ReturnType<typeof ordered>[] = []) {
  const all = Object.entries(values).map(([name, value]): [string, Report] => [
    name,
    { name, value, at: SINCE, ageMs: 500 },
  ]);
  const reports = async (prefix = '') => new Map(all.filter(([name]) => name.startsWith(prefix)));
  const state = () => ({ migration: 'catalog', shadowSince: SINCE, ignored });
  return new ShadowEvidence(config(), { reports }, { state } as never);
}

describe('what the proxies found, put together', () => {
  it('is added up by operation, and operations that nobody asked for are there too', async () => {
    const evidence = evidenceOf({
      'traffic:one': traffic({ 'GET /a': counts(60, 1) }),
      'traffic:two': traffic({ 'GET /a': counts(40, 0), 'GET /b/*': counts(100, 0) }),
    });
    expect(await evidence.counts('catalog')).toEqual({
      compared: 200,
      differed: 1,
      operations: [
        { operation: 'GET /a', compared: 100, differed: 1 },
        { operation: 'GET /b/*', compared: 100, differed: 0 },
        { operation: 'GET /c', compared: 0, differed: 0 },
      ],
    });
    expect(await evidence.differences('catalog')).toMatchObject({
      since: SINCE,
      verdict: 'differs',
      compared: 200,
      dropped: 2,
      operations: [
        { operation: 'GET /a', verdict: 'differs', noVerdict: 4 },
        { operation: 'GET /b/*', verdict: 'agrees' },
        { operation: 'GET /c', verdict: 'no data', compared: 0, fields: [] },
      ],
      ignored: [{ path: '$.at', reason: 'a clock', from: 'file', by: null }],
    });
  });

  it('lets the gate count nothing that was compared under a route that is not there any more', async () => {
    const evidence = evidenceOf({
      'traffic:one': traffic({ 'GET /a': counts(18, 0), 'GET /gone/*': counts(57, 3) }),
    });
    expect(await evidence.counts('catalog')).toMatchObject({ compared: 18, differed: 0 });
    const { verdict, operations } = await evidence.differences('catalog');
    expect(verdict).toBe('not enough data');
    expect(operations.map(({ operation }) => operation)).toContain('GET /gone/*');
  });

  it('merges fields: counts, first and last, and a few examples', async () => {
    const evidence = evidenceOf({
      'traffic:one': traffic({ 'GET /a': counts(100, 5) }),
      'shadow:one': findings(BASIS, [field('$.a', 1, '2026-01-03'), field('$.b', 3, '2026-01-03')]),
      'shadow:two': findings(BASIS, [field('$.a', 4, '2026-01-02')]),
    });
    const { operations } = await evidence.differences('catalog');
    expect(operations[0]).toMatchObject({
      unlisted: 2,
      noise: [{ field: '$.n', excused: 10 }],
      fields: [
        { field: '$.a', count: 5, percent: 5, first: '2026-01-02', last: '2026-01-03' },
        { field: '$.b', count: 3, percent: 3 },
      ],
    });
    expect(operations[0]?.fields[0]?.examples).toHaveLength(3);
  });

  it('leaves out what was found in an earlier stay in the stage, or by other rules', async () => {
    const stale = basisOf('2026-01-01T00:00:00.000Z', SHADOW);
    const otherRules = basisOf(SINCE, shadowSchema.parse({}));
    const evidence = evidenceOf({
      'traffic:one': traffic({ 'GET /a': counts(100, 50) }, stale),
      'traffic:two': traffic({ 'GET /a': counts(100, 50) }, otherRules),
      'shadow:one': findings(stale, [field('$.a', 1, '2026-01-03')]),
    });
    expect(await evidence.counts('catalog')).toMatchObject({ compared: 0, differed: 0 });
    expect((await evidence.differences('catalog')).operations[0]?.fields).toEqual([]);
    evidence.reconfigure(config({}));
    expect(await evidence.counts('catalog')).toMatchObject({ compared: 100, differed: 50 });
  });

  it('counts for the gate only what was compared with what was ordered to be ignored, in whichever order', async () => {
    const both = basisOf(SINCE, withIgnored(SHADOW, ['$.price', '$.at', '$.tax']));
    const reports = {
      'traffic:late': traffic({ 'GET /a': counts(100, 50) }),
      'traffic:one': traffic({ 'GET /a': counts(60, 0) }, both),
      'shadow:late': findings(BASIS, [field('$.price', 50, '2026-01-03')]),
    };
    const evidence = evidenceOf(reports, [ordered('$.tax'), ordered('$.price')]);
    expect(await evidence.counts('catalog')).toMatchObject({ compared: 60, differed: 0 });
    const { operations, ignored } = await evidence.differences('catalog');
    expect(operations[0]?.fields).toEqual([]);
    expect(ignored).toEqual([
      { path: '$.at', reason: 'a clock', from: 'file', by: null, at: null },
      { path: '$.tax', reason: 'rounded', from: 'journal', by: 'ann', at: SINCE },
      { path: '$.price', reason: 'rounded', from: 'journal', by: 'ann', at: SINCE },
    ]);
  });
});

describe('reporting what a proxy found', () => {
  it('happens when there is something new, and again when the store did not take it', async () => {
    const taken: unknown[] = [];
    let isDown = true;
    let revision = 0;
    const store = {
      report: async (name: string, value: unknown) => {
        if (isDown) throw new Error('down');
        taken.push([name, value]);
      },
    };
    const proxy = { shadowRevision: () => revision, shadowFindings: () => ({}) };
    const report = reportFindings(store, 'one', proxy);
    await report();
    revision = 1;
    await report();
    isDown = false;
    await report();
    await report();
    expect(taken).toEqual([['shadow:one', {}]]);
  });
});
